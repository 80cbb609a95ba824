"""The story: one short file per sentence. Each function takes a frozen `Kit`."""
