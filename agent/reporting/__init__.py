"""From violation to receipt: outbox, uplink, enrolment."""
