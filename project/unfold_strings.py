"""Words of installed packages that we translate ourselves.

django-unfold has no catalogue at all, and the Arabic of Django, import-export, simple-history, DRF and
simplejwt is incomplete. Their message ids stand here so that makemessages keeps our translations of them in
locale/ar instead of marking them obsolete. Nothing imports this module. project/tests/test_arabic_strings.py
reads the installed packages and names every message id that has no Arabic, so an upgrade that brings new
words fails there.
"""

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy

# django-unfold ships no catalogue; these are the strings nobody else translates.
UNFOLD = (
    _("Select record"),
    _("Select action"),
    _("Select action to run"),
    _("Run"),
    _("Collapse"),
    _("Name"),
    _("Value"),
    _("Default"),
    _("Code"),
    _("Current file"),
    _("Reset to default"),
    _("From"),
    _("To"),
    _("Date from"),
    _("Date to"),
    _("Date"),
    _("Not enough data."),
    _("Add new item"),
    _("Paragraph"),
    _("Underlined"),
    _("Bold"),
    _("Italic"),
    _("Strike"),
    _("Link"),
    _("Heading"),
    _("Quote"),
    _("Unordered list"),
    _("Ordered list"),
    _("Indent increase"),
    _("Indent decrease"),
    _("Undo"),
    _("Redo"),
    _("Enter an URL"),
    _("Unlink"),
    _("Object permissions"),
    _("Group"),
    _("Group permissions"),
    _("Edit"),
    _("Manage group"),
    _("User permissions"),
    _("Manage user"),
    _("Select format"),
    ngettext_lazy(
        "\n                    Export %(len)s selected item.\n                ",
        "\n                    Export %(len)s selected items.\n                ",
        "len",
    ),
    _("This exporter will export the following fields"),
    _("View traceback"),
    _("Choose a date from the list below to revert to a previous version of this object"),
    _(
        "Raw passwords are not stored, so there is no way to see this user’s password, but you can "
        'change the password using <a href="{}" class="text-primary-600 dark:text-primary-500">this '
        "form</a>."
    ),
    _("Select value"),
    _("Dataset not found. No action performed."),
    _("You can not create nested object without parent"),
    _("After you've created a user, you’ll be able to edit more user options."),
    _("Expand row"),
    _("Welcome back to"),
    _("Forgotten your password or username?"),
    _("Type to search"),
    _("You have been successfully logged out from the administration"),
    _("No data"),
    _("More actions"),
    _("All applications"),
    _("True"),
    _("False"),
    _("Apply Filters"),
    _("Select all rows"),
    _("Recent searches"),
    _("No recent searches"),
    _("No results matching your query"),
    _("Loading more results..."),
    ngettext_lazy(
        "\n                Found %(counter)s result in %(time)s seconds\n            ",
        "\n                Found %(counter)s results in %(time)s seconds\n            ",
        "counter",
    ),
    _("Cancel"),
    _("Record picture"),
    _("This item will be deleted."),
    _("Click to cancel"),
    _("No results found"),
    _("This page yielded into no results. Create a new item or reset your filters."),
    _("Reset filters"),
    _("Image preview"),
    _("Click to download"),
    _("Go back"),
    _("Previous"),
    _("Next"),
    _("Search apps and models..."),
    _("General"),
    _("Light"),
    _("Dark"),
    _("System"),
    _("Return to site"),
    _("Choose file to upload"),
    _("Toggle password visibility"),
    _("Add row"),
    _("Welcome"),
    _("Select currency"),
)

# Django's Arabic lags behind its own strings.
DJANGO = (
    _("Set password: %s"),
    _("Conflicting form data submitted. Please try again."),
    _("Password-based authentication was disabled."),
    _(
        "Whether the user will be able to authenticate using a password or not. If disabled, they "
        "may still be able to authenticate using other backends, such as Single Sign-On or LDAP."
    ),
    _("Reset password"),
    _("Raw passwords are not stored, so there is no way to see the user’s password."),
    _("Password-based authentication"),
    _("Enable password-based authentication for this user by setting a password."),
    _("Enabled"),
    _("Disabled"),
    ngettext_lazy(
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
    ),
    _(
        "Enter a valid username. This value may contain only unaccented lowercase a-z and uppercase "
        "A-Z letters, numbers, and @/./+/-/_ characters."
    ),
    _("Enter a valid domain name."),
    _("Ensure this value is a multiple of step size %(limit_value)s."),
    _(
        "Ensure this value is a multiple of step size %(limit_value)s, starting from %(offset)s, "
        "e.g. %(offset)s, %(valid_value1)s, %(valid_value2)s, and so on."
    ),
    _("Enter a valid %(protocol)s address."),
    _("IPv4"),
    _("IPv6"),
    _("IPv4 or IPv6"),
    _("Constraint “%(name)s” is violated."),
    _("String (unlimited)"),
    _("%(model)s instance with %(field)s %(value)r is not a valid choice."),
    ngettext_lazy("Please submit at most %(num)d form.", "Please submit at most %(num)d forms.", "num"),
    ngettext_lazy("Please submit at least %(num)d form.", "Please submit at least %(num)d forms.", "num"),
)

IMPORT_EXPORT = (
    _("%(exc_name)s encountered while trying to read file. Ensure you have chosen the correct format for the file."),
    _("Import finished: {} new, {} updated, {} deleted and {} skipped {}."),
    _("No valid data to import. Ensure your file has the correct headers or data for import."),
    _("export failed due to IllegalCharacterError"),
    _("Resource"),
    _("Form is not validated, call `is_valid` first"),
    _('Select at least 1 field for "%(resource_name)s" to export'),
    ngettext_lazy("Export %(len)s selected item.", "Export %(len)s selected items.", "len"),
    _("This exporter will export the following fields: "),
    _("Select all"),
    _("Some rows failed to validate"),
    _("Please correct these errors in your data where possible, then reupload it using the form above."),
    _("Row"),
    _("Non field specific"),
    _("use_natural_foreign_keys and key_is_id cannot both be True"),
    _("Value could not be parsed."),
)

SIMPLE_HISTORY = (
    _("Deleted %(type_name)s"),
    _("Changes"),
)

REST_FRAMEWORK = (
    _("A valid biginteger is required."),
    _("Integer value too large to convert to float"),
)

# Its own catalogue is read only when it is an installed app.
SIMPLEJWT = (
    _("The user's password has been changed."),
    _("Token is expired"),
    _("Token is invalid"),
    _("No active account found for the given token."),
    _("Outstanding Token"),
    _("Outstanding Tokens"),
    _("Blacklisted Token"),
    _("Blacklisted Tokens"),
    _("Token for %(user)s (%(jti)s)"),
    _("Blacklisted token for %(user)s"),
    _("Authorization header must contain two space-delimited values"),
    _("Cannot create token with no type or lifetime"),
    _("Given token not valid for any token type"),
    _("Invalid algorithm specified"),
    _("No active account found with the given credentials"),
    _("The '{}' setting has been removed. Please refer to '{}' for available settings."),
    _("Token '{}' claim has expired"),
    _("Token Blacklist"),
    _("Token contained no recognizable user identification"),
    _("Token has no '{}' claim"),
    _("Token has no id"),
    _("Token has no type"),
    _("Token has wrong type"),
    _("Token is blacklisted"),
    _("Token is invalid or expired"),
    _("Unrecognized algorithm type '{}'"),
    _("Unrecognized type '{}', 'leeway' must be of type int, float or timedelta."),
    _("User is inactive"),
    _("User not found"),
    _("You must have cryptography installed to use {}."),
    _("created at"),
    _("expires at"),
    _("jti"),
)

# Shipped Arabic that is wrong (a change reported as an addition), misspelt or stilted: ours takes precedence.
CORRECTED_ADMIN = (
    ngettext_lazy("Please correct the error below.", "Please correct the errors below.", "counter"),
    _("Submit"),
    _("Time"),
    _("Object"),
    _("Objects"),
    _("Save"),
    _("Save and continue editing"),
    _("Save and add another"),
    _("Save and view"),
    _("Save as new"),
    _("Delete"),
    _("Delete?"),
    _("Add"),
    _("Add %(name)s"),
    _("Add another %(model)s"),
    _("Add another %(verbose_name)s"),
    _("Change"),
    _("Change selected %(model)s"),
    _("Delete selected %(model)s"),
    _("Delete selected %(verbose_name_plural)s"),
    _("View selected %(model)s"),
    _("View"),
    _("View on site"),
    _("Remove"),
    _("History"),
    _("Search"),
    _("Filter"),
    _("Filters"),
    _("Clear all filters"),
    _("Show all"),
    _("Log in"),
    _("Log in again"),
    _("Logged out"),
    _("Thanks for spending some quality time with the web site today."),
    _("Change password"),
    _("Change password: %s"),
    _("Run the selected action"),
    _("Clear selection"),
    _("Select all %(total_count)s %(module_name)s"),
    _("Select this object for an action - {}"),
    _("Select all objects on this page for an action"),
    _("Click here to select the objects across all pages"),
    _("Items must be selected in order to perform actions on them. No items have been changed."),
    _("No, take me back"),
    _("Models in the %(name)s application"),
    _("%(app)s administration"),
    _("You don’t have permission to view or edit anything."),
    _(
        "You are authenticated as %(username)s, but are not authorized to access this page. Would "
        "you like to login to a different account?"
    ),
    _(
        "Please enter the correct %(username)s and password for a staff account. Note that both "
        "fields may be case-sensitive."
    ),
    _("Please enter a correct %(username)s and password. Note that both fields may be case-sensitive."),
    _("The {name} “{obj}” was added successfully."),
    _("The {name} “{obj}” was added successfully. You may add another {name} below."),
    _("The {name} “{obj}” was changed successfully."),
    _("The {name} “{obj}” was changed successfully. You may add another {name} below."),
    _("The {name} “{obj}” was changed successfully. You may edit it again below."),
    _("You may edit it again below."),
    _("%(name)s with ID “%(key)s” doesn’t exist. Perhaps it was deleted?"),
    _("The %(name)s “%(obj)s” was deleted successfully."),
    _("Successfully deleted %(count)d %(items)s."),
    _(
        'Are you sure you want to delete the %(object_name)s "%(escaped_object)s"? All of the '
        "following related items will be deleted:"
    ),
    _(
        "Are you sure you want to delete the selected %(objects_name)s? All of the following objects "
        "and their related items will be deleted:"
    ),
    _(
        "Deleting the %(object_name)s '%(escaped_object)s' would require deleting the following "
        "protected related objects:"
    ),
    _("Deleting the selected %(objects_name)s would require deleting the following protected related objects:"),
    _(
        "Deleting the %(object_name)s '%(escaped_object)s' would result in deleting related objects, "
        "but your account doesn't have permission to delete the following types of objects:"
    ),
    _(
        "Deleting the selected %(objects_name)s would result in deleting related objects, but your "
        "account doesn't have permission to delete the following types of objects:"
    ),
    _(
        "Deleting %(class_name)s %(instance)s would require deleting the following protected related "
        "objects: %(related_objects)s"
    ),
    _("Server error"),
    _("Server error (500)"),
    _("Server Error <em>(500)</em>"),
    _("hash"),
    _("salt"),
)

CORRECTED_IMPORT_EXPORT = (
    _("Import"),
    _("Confirm import"),
    _("File to import"),
    _("Format"),
    _("Line number"),
    _("Skipped"),
    _("This importer will import the following fields: "),
    _("Below is a preview of data to be imported. If you are satisfied with the results, click 'Confirm import'"),
)

CORRECTED_SIMPLE_HISTORY = (
    _("Press the 'Revert' button below to revert to this version of the object."),
    _("Press the 'Change History' button below to edit the history."),
    _("You may edit it again below"),
    _("Created"),
    _("Changed"),
    _("Deleted"),
    _("Changed by"),
    _("Change reason"),
    _("Change history: %s"),
    _("View history: %s"),
    _("Change History"),
    _("This object doesn't have a change history."),
    _("Choose a date from the list below to revert to a previous version of this object."),
    ngettext_lazy("entry", "entries", "counter"),
)

CORRECTED_API = (
    _("Request was throttled."),
    _("Expected available in {wait} second."),
    _("Expected available in {wait} seconds."),
    _("This field may not be null."),
    _("Malformed request."),
)
