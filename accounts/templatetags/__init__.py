"""Tags and filters for Bowline's templates."""
