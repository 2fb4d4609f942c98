"""The spool moves into a database of its own (SQLite), with where each computer's row of envelopes stands."""

from django.db import connections, migrations, models

from server.intake.routing import spool_alias

_PORTION = 200


def move(apps, schema_editor):
    """Copy what older versions kept in the main database; done twice it changes nothing. Then forget it there."""
    here = schema_editor.connection
    with here.cursor() as giver:
        giver.execute(
            "SELECT id, last_sequence, last_digest, last_seen_at FROM ledger_computer WHERE last_sequence > 0"
        )
        stands = giver.fetchall()
        older = here.vendor == "sqlite" and "intake_spoolentry" in here.introspection.table_names(giver)
    if not stands and not older:
        return  # a database that is being made: the spool's may not be there yet
    there = connections[spool_alias()]
    with here.cursor() as giver, there.cursor() as taker:
        taker.executemany(
            "INSERT INTO intake_sequence (agent_id, sequence, digest, heard_at) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT DO NOTHING",
            stands,
        )
        if not older or here.alias == there.alias:
            return
        names = "id, digest, agent_id, sequence, previous, received_at, raw, size, road, state, reason, message"
        after = 0
        while True:
            giver.execute(
                f"SELECT {names} FROM intake_spoolentry WHERE id > %s ORDER BY id LIMIT {_PORTION}", [after]
            )
            rows = giver.fetchall()
            if not rows:
                break
            taker.executemany(
                f"INSERT INTO intake_spoolentry ({names}) VALUES ({', '.join(['%s'] * 12)}) ON CONFLICT DO NOTHING",
                rows,
            )
            after = rows[-1][0]
        giver.execute("DROP TABLE intake_spoolentry")


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0002_token_of_a_computer'),
        ('ledger', '0002_scope_and_ledgers'),
    ]

    operations = [
        migrations.CreateModel(
            name='Sequence',
            fields=[
                ('agent_id', models.UUIDField(primary_key=True, serialize=False)),
                ('sequence', models.PositiveBigIntegerField(default=0)),
                ('digest', models.CharField(default='0' * 64, max_length=64)),
                ('heard_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['heard_at'], name='sequence_heard')],
            },
        ),
        migrations.RunPython(move, migrations.RunPython.noop),
    ]
