"""What long runs share, fits and trainings: progress, state that is resumed, the device."""
