from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0047_questions'),
    ]

    operations = [
        migrations.AlterField(
            model_name='activity',
            name='what',
            field=models.CharField(choices=[('plan', 'planned'), ('approve', 'approved the plan'), ('undo', 'undid what was taken over of'), ('discard', 'discarded the plan'), ('pause', 'paused'), ('resume', 'resumed'), ('stop', 'stopped'), ('retry', 'retried failed accounts in'), ('verify', 'verified again'), ('remove', 'planned the removal'), ('accept', 'accepted as evaluated'), ('ask', 'asked to accept policies of others of'), ('accept policy', 'accepted a policy of others of'), ('end', 'no longer accepts a policy of others of'), ('describe', 'added'), ('edit', 'edited'), ('adopt', 'reported on an existing Spinnaker'), ('adopt list', 'adopted the list of roles of'), ('forget', 'deleted from Bowline'), ('keep', 'kept in AWS and deleted from Bowline'), ('rotate', 'created a new external ID for'), ('rotated', 'ended the external ID rotation of'), ('build', 'built'), ('download', 'downloaded'), ('install', 'marked as installed'), ('updated', 'marked as updated by the owner:'), ('leave out', 'excluded from bundles'), ('put in', 'included in bundles'), ('watch', 'started watching'), ('unwatch', 'stopped watching'), ('refused', "wasn't allowed to"), ('not sent', "couldn't send the notification for"), ('settings', 'changed the settings'), ('roles', 'changed the roles'), ('person', 'changed the user'), ('password', 'changed the password'), ('factor added', 'added a second factor:'), ('factor removed', 'removed a second factor:'), ('recovery codes', 'created new recovery codes'), ('factors reset', 'reset the second factor of'), ('sign-in', 'signed in'), ('sign-in failed', 'failed to sign in'), ('sign-out', 'signed out')], max_length=20),
        ),
    ]
