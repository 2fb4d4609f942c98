"""Sums of violations by department, kept for the drawings of large houses."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Makes the table; the fan-out fills it within a minute."""

    dependencies = [
        ('accounts', '0001_initial'),
        ('violations', '0007_lists_by_when_it_came_up'),
    ]

    operations = [
        migrations.CreateModel(
            name='DepartmentSums',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('numbers', models.JSONField()),
                ('monday', models.DateField()),
                ('counted_at', models.DateTimeField()),
                ('department', models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.department')),
            ],
        ),
    ]
