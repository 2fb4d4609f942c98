"""Rules and the marking grammar: data and the engine that reads it, shared by agent and collector."""
