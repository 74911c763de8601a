"""What is plugged into this machine, by name: a webcam, a microphone, a loudspeaker."""
