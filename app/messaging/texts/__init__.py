"""What a text says and what it costs on the air: letters, segments, templates, and what a text must and must not say."""
