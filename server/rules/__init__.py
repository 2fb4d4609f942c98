"""What computers are to follow beside the register of media, and what their agents say they follow."""
