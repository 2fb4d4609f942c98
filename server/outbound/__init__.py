"""What the collector sends of its own accord, and where to: nothing, unless ``collector.yaml`` says so."""
