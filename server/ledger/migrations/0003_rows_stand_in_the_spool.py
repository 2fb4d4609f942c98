from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0002_scope_and_ledgers'),
        ('intake', '0003_spool_of_its_own'),
    ]

    operations = [
        migrations.RemoveField(model_name='computer', name='last_sequence'),
        migrations.RemoveField(model_name='computer', name='last_digest'),
    ]
