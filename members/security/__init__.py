"""How people get in and stay safe: second factors, trusted devices, sessions, and the proof asked again."""
