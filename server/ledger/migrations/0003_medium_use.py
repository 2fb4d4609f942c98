from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0002_media_session_access'),
    ]

    operations = [
        migrations.AddField(
            model_name='medium',
            name='use',
            field=models.CharField(
                blank=True, choices=[('transfer', 'Carrying between networks')], default='', max_length=16
            ),
        ),
    ]
