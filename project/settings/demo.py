"""The demo and every command run by hand: an embedded database, console messages, published secrets."""

from project.env import Profile, process_variables, read_environment
from project.settings.base import *
from project.settings.environment import environment_settings

globals().update(environment_settings(read_environment(Profile.DEMO, process_variables())))

# Static files are found where they lie, so that no build step stands between a checkout and a page.
WHITENOISE_USE_FINDERS = True
