/**
 * The types of components that Dapr 1.18 has, as its `daprd` registers them: to tell a type that is misspelt from one
 * that a sidecar has. A sidecar may have more, as pluggable components.
 */
export const daprTypes: readonly string[] = [
  ...named('bindings', [
    'alicloud.dingtalk.webhook alicloud.dubbo alicloud.oss alicloud.sls alicloud.tablestore apns aws.dynamodb',
    'aws.kinesis aws.s3 aws.ses aws.sns aws.sqs azure.blobstorage azure.cosmosdb azure.cosmosdb.gremlinapi',
    'azure.eventgrid azure.eventhubs azure.openai azure.servicebus.queues azure.servicebusqueues azure.signalr',
    'azure.storagequeues cloudflare.queues commercetools cron dingtalk.webhook dubbo gcp.bucket gcp.pubsub graphql',
    'http huawei.obs influx kafka kitex kubemq kubernetes localstorage mqtt mqtt3 mysql postgres postgresql postmark',
    'rabbitmq redis rethinkdb.statechange rocketmq sftp smtp twilio.sendgrid twilio.sms wasm zeebe.command',
    'zeebe.jobworker',
  ]),
  ...named('pubsub', [
    'aws.snssqs azure.eventhubs azure.servicebus azure.servicebus.queues azure.servicebus.topics',
    'azure.servicebusqueues gcp.pubsub in-memory jetstream kafka kubemq mqtt mqtt3 pulsar rabbitmq redis rocketmq',
    'snssqs solace.amqp',
  ]),
  ...named('state', [
    'aerospike alicloud.tablestore aws.dynamodb azure.blobstorage azure.cosmosdb azure.tablestorage cassandra',
    'cloudflare.workerskv cockroachdb coherence consul couchbase etcd gcp.firestore hashicorp.consul hazelcast',
    'in-memory jetstream memcached mongodb mysql oci.objectstorage oracledatabase postgres postgresql ravendb redis',
    'rethinkdb sqlite sqlite3 sqlserver yugabyte yugabytedb zookeeper',
  ]),
]

function named(block: string, lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => line.split(' ')).map((name) => `${block}.${name}`)
}
