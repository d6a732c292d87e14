"""What AWS charges, in one place: list prices of us-east-1, on demand, without free tiers.

Written down from memory of the public price lists as they stood in the middle of 2025; check
them before a decision rests on them. Sources: aws.amazon.com/<service>/pricing.
"""

from dataclasses import dataclass

MILLION = 1_000_000

DYNAMODB_WRITE_UNIT = 0.625 / MILLION  # per write request unit, since November 2024
DYNAMODB_READ_UNIT = 0.125 / MILLION  # per read request unit, since November 2024
DYNAMODB_GB_MONTH = 0.25  # per GB stored and month, indexes included
DYNAMODB_BACKUP_GB_MONTH = 0.20  # per GB and month of point-in-time recovery
LAMBDA_GB_SECOND = 0.0000133334  # per GB of memory and second, arm64
LAMBDA_REQUEST = 0.20 / MILLION  # per invocation
SQS_REQUEST = 0.40 / MILLION  # per request of up to 64 kB, standard queue
HTTP_API_REQUEST = 1.00 / MILLION  # per request of up to 512 kB
SCHEDULER_START = 1.00 / MILLION  # per EventBridge Scheduler invocation
LOGS_GB = 0.50  # per GB taken in by CloudWatch Logs
XRAY_TRACE = 5.00 / MILLION  # per trace recorded
METRIC_MONTH = 0.30  # per custom metric and month
ALARM_MONTH = 0.10  # per alarm on one metric and month
DASHBOARD_MONTH = 3.00  # per dashboard and month
KMS_KEY_MONTH = 1.00  # per customer key and month
KMS_REQUEST = 0.03 / 10_000  # per call; DynamoDB asks about every five minutes
WEB_ACL_MONTH = 5.00  # per web ACL of WAF and month
WEB_ACL_RULE_MONTH = 1.00  # per rule or managed rule group in it and month
COGNITO_CLIENT_MONTH = 6.00  # per client of machines and month
COGNITO_TOKEN = 2.25 / 1_000  # per token given to a machine
COGNITO_PERSON_MONTH = 0.02  # per person who signs in, in the plan that protects sign-ins
SECRET_MONTH = 0.40  # per secret and month
SECRET_REQUEST = 0.05 / 10_000  # per GetSecretValue

TRACED_A_SECOND, TRACED_SHARE = 1, 0.05
"""What Lambda samples of a function: the first invocation of each second, and 5 % of the others."""
SES_MAIL = 0.10 / 1_000  # per mail and recipient

GIVEN = {
    "Lambda": 1e6 * LAMBDA_REQUEST + 400_000 * LAMBDA_GB_SECOND,
    "SQS": 1e6 * SQS_REQUEST,
    "storage": 25 * DYNAMODB_GB_MONTH,
    "logs": 5 * LOGS_GB,
    "metrics": 10 * METRIC_MONTH,
    "alarms": 10 * ALARM_MONTH,
    "dashboard": DASHBOARD_MONTH,
    "Scheduler": 14e6 * SCHEDULER_START,
}
"""What every account has for nothing and for ever, of a month at most and in dollars."""

DAYS_A_MONTH = 30
MINUTES_A_MONTH = DAYS_A_MONTH * 24 * 60

CALL_SECONDS = 0.006
"""How long a Lambda waits for one call of DynamoDB or SQS in its region (an assumption)."""

LAMBDA_LOG_BYTES = 700
"""The start and report lines that Lambda itself logs for an invocation, as JSON."""

ACCESS_LOG_BYTES = 400
"""The HTTP API's own line for a request."""

QUEUE_POLLS_A_MONTH = 5 * 3 * MINUTES_A_MONTH
"""Of one queue. An event source that finds nothing still asks: five pollers, each 20 seconds."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one step uses; steps add up."""

    read_units: float = 0.0
    write_units: float = 0.0
    calls: float = 0.0
    cpu_seconds: float = 0.0
    memory_gb: float = 0.0
    invocations: float = 0.0
    sqs_requests: float = 0.0
    http_requests: float = 0.0
    log_bytes: float = 0.0
    mails: float = 0.0

    @property
    def seconds(self) -> float:
        """Billed time of the function: its own work, and waiting for each call in turn."""
        return self.cpu_seconds + self.calls * CALL_SECONDS


def parts(usage: Usage) -> dict[str, float]:
    """Dollars of one step by what they are paid for."""
    logged = (
        usage.log_bytes
        + usage.invocations * LAMBDA_LOG_BYTES
        + usage.http_requests * ACCESS_LOG_BYTES
    )
    return {
        "DynamoDB writes": usage.write_units * DYNAMODB_WRITE_UNIT,
        "DynamoDB reads": usage.read_units * DYNAMODB_READ_UNIT,
        "Lambda": usage.invocations * LAMBDA_REQUEST
        + usage.seconds * usage.memory_gb * LAMBDA_GB_SECOND,
        "SQS": usage.sqs_requests * SQS_REQUEST,
        "HTTP API": usage.http_requests * HTTP_API_REQUEST,
        "logs": logged / 1e9 * LOGS_GB,
        "SES": usage.mails * SES_MAIL,
    }


def tracing(a_day: float) -> float:
    """Dollars a month of tracing a function that starts so often at an even pace, the dearest."""
    always = min(a_day, TRACED_A_SECOND * 86_400)
    return (always + TRACED_SHARE * (a_day - always)) * DAYS_A_MONTH * XRAY_TRACE


def dollars(usage: Usage) -> float:
    """Dollars of one step."""
    return sum(parts(usage).values())


def standing(metrics: int, alarms: int, queues: int, rules: int) -> dict[str, float]:
    """Dollars a month that are due whatever happens, by what for.

    What WAF and CloudFront take for a request is left out: webhooks pass neither, and people ask
    little.
    """
    kms_calls = 6 * MINUTES_A_MONTH / 5
    secret_reads = MINUTES_A_MONTH
    return {
        "metrics": metrics * METRIC_MONTH,
        "alarms": alarms * ALARM_MONTH,
        "dashboard": DASHBOARD_MONTH,
        "keys": 2 * KMS_KEY_MONTH + kms_calls * KMS_REQUEST,
        "web ACL": WEB_ACL_MONTH + rules * WEB_ACL_RULE_MONTH,
        "secrets": 3 * SECRET_MONTH + secret_reads * SECRET_REQUEST,
        "polling": queues * QUEUE_POLLS_A_MONTH * SQS_REQUEST,
    }
