"""Nothing that a queue was given can disappear from it."""

from infra_cdk.function_spec import FUNCTIONS, Batch
from tests.infra.template import Properties, Template, flat


def work_queues(template: Template) -> list[Properties]:
    return [queue for queue in template.properties("AWS::SQS::Queue") if "RedrivePolicy" in queue]


def dead_letters_of(template: Template, queue: Properties) -> Properties:
    key = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
    found: Properties = template.of_type("AWS::SQS::Queue")[key]["Properties"]
    return found


def test_every_queue_is_for_work_or_for_dead_letters(template: Template) -> None:
    queues = template.of_type("AWS::SQS::Queue")
    work = work_queues(template)
    dead = {queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] for queue in work}

    assert len(work) == sum(isinstance(spec.trigger, Batch) for spec in FUNCTIONS)
    assert len(work) + len(dead) == len(queues)


def test_dead_letters_are_kept_longer_than_the_queue_keeps_messages(template: Template) -> None:
    for queue in work_queues(template):
        kept = dead_letters_of(template, queue)["MessageRetentionPeriod"]
        assert kept > queue["MessageRetentionPeriod"]


def test_a_message_is_received_five_times_before_it_is_dead(template: Template) -> None:
    assert {q["RedrivePolicy"]["maxReceiveCount"] for q in work_queues(template)} == {5}


def test_a_message_stays_hidden_six_times_as_long_as_its_function_may_run(
    template: Template,
) -> None:
    names = template.function_names()
    timeouts = {spec.name: spec.timeout_seconds for spec in FUNCTIONS}
    queues = template.of_type("AWS::SQS::Queue")
    for source in template.properties("AWS::Lambda::EventSourceMapping"):
        queue = queues[source["EventSourceArn"]["Fn::GetAtt"][0]]["Properties"]
        function = names[template.started(source["FunctionName"])]

        assert queue["VisibilityTimeout"] >= 6 * timeouts[function]


def test_queues_are_encrypted(template: Template) -> None:
    assert all(queue["SqsManagedSseEnabled"] for queue in template.properties("AWS::SQS::Queue"))


def test_queues_refuse_calls_without_tls(prod: Template) -> None:
    refused = {
        flat(statement["Resource"])
        for policy in prod.properties("AWS::SQS::QueuePolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    }

    assert len(refused) == len(prod.of_type("AWS::SQS::Queue"))
