// Package awsfake is an AWS endpoint for laptops and tests: DynamoDB, SQS, S3 and Secrets Manager behind one
// http.Handler. Unmodified SDK clients talk to it, in process or over TCP, so the code under test is the code in production.
//
//	server, err := awsfake.New(awsfake.Options{Clock: awsfake.NewClock(start)})
//	client := sqs.New(sqs.Options{Region: "us-east-1", HTTPClient: server.HTTPClient(), Credentials: …})
//	http.Serve(listener, server) // for the aws CLI, containers and other languages
//
// # What it answers
//
//   - DynamoDB: package ddb lists its operations. Capacity is counted as AWS bills it.
//   - SQS, standard and FIFO: CreateQueue, GetQueueUrl, ListQueues, DeleteQueue, PurgeQueue, GetQueueAttributes,
//     SetQueueAttributes, SendMessage, ReceiveMessage, DeleteMessage, ChangeMessageVisibility and their batches,
//     ListDeadLetterSourceQueues, StartMessageMoveTask, ListMessageMoveTasks, CancelMessageMoveTask, TagQueue,
//     UntagQueue, ListQueueTags. Only the last part of a queue URL counts, so a URL works from any host; the URLs
//     given out have the host that the request came to.
//   - Secrets Manager: CreateSecret, GetSecretValue, PutSecretValue, UpdateSecret, DescribeSecret, ListSecrets,
//     DeleteSecret, RestoreSecret.
//   - S3, path style: buckets, objects with metadata, ranges and conditional puts, copies, listings, multipart uploads,
//     presigned URLs, DeleteObjects, and lifecycle rules that expire objects. It is gofakes3 made durable.
//
// Every other operation is refused with UnknownOperationException (S3: NotImplemented), and so is every parameter of a
// known operation that is not understood: nothing succeeds silently.
//
// # Time
//
// Every time comes from one Clock. A test that advances it sees visibility timeouts, delays, retention, deduplication
// windows and expiry pass at once. Long polls end when their wait is over by real time or by the Clock, whichever is
// first.
//
// # What is kept
//
// With Options.Dir all state is on disk before a call is answered, in one file that package keep writes: after kill -9
// and a restart every acknowledged write is there. It is safe against a crash of the process, not against a loss of
// power. Multipart uploads under way and message move tasks live in memory only. One process owns a directory at a
// time;
// the file shrinks when it is opened.
//
// # Weather
//
// Reads that need not be consistent see the latest write, no write conflicts with another and no call is throttled,
// until Options.Weather or SetWeather say how often they shall. The answers are AWS's, and the dice have a seed.
//
// # What no emulator shows
//
//   - A standard queue never delivers out of order or twice without need. In AWS both happen.
//   - No quota of tables or throughput applies, and nothing is slow. Options.Intercept stands in.
//   - IAM is a question to Options.Authorize per action and resource: no conditions, no resource or queue policies, no
//     encryption keys. Signatures are not verified and presigned URLs do not expire; only the access key id is read.
//   - Expired items, secrets and objects go at once or when next looked at, not hours or days later.
//   - There are no cold starts, since there is no Lambda: polling queues for functions is the caller's, and so is
//     detecting loops. SQS does hand on the X-Amzn-Trace-Id of a send as AWSTraceHeader.
//
// # The aws CLI
//
// Give it --endpoint-url and any credentials. Version 1 ignores AWS_ENDPOINT_URL for SQS where the region still has a
// legacy endpoint (us-east-1), so a variable alone is not enough there.
package awsfake
