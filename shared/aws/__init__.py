"""The only code that knows boto3: the table, the queues and the secrets, in business verbs."""
