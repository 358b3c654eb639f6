package sqs

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/relais-dev/relais/shared/stage/awsfake/wire"
)

// queryCode is where a code in the JSON protocol differs from the older query protocol's, which SDKs still look for in
// x-amzn-query-error.
func queryCode(code string) string {
	switch code {
	case "QueueDoesNotExist":
		return "AWS.SimpleQueueService.NonExistentQueue"
	case "QueueNameExists":
		return "QueueAlreadyExists"
	case "BatchEntryIdsNotDistinct", "BatchRequestTooLong", "EmptyBatchRequest", "InvalidBatchEntryId",
		"PurgeQueueInProgress", "QueueDeletedRecently", "TooManyEntriesInBatchRequest", "UnsupportedOperation":
		return "AWS.SimpleQueueService." + code
	}
	return code
}

func fail(code, format string, args ...any) *wire.Error {
	e := wire.Errorf("com.amazonaws.sqs#"+code, format, args...)
	e.QueryCode = queryCode(code) + ";Sender"
	switch code {
	case "OverLimit", "PurgeQueueInProgress":
		e.Status = http.StatusForbidden
	case "ResourceNotFoundException":
		e.Status = http.StatusNotFound
	}
	return e
}

func invalidValue(format string, args ...any) *wire.Error {
	e := wire.Errorf("com.amazon.coral.service#InvalidParameterValueException", format, args...)
	e.QueryCode = "InvalidParameterValue;Sender"
	return e
}

// invalid says which parameter has a value that SQS refuses, and why, in the words SQS uses.
func invalid(parameter string, value any, reason string) *wire.Error {
	return invalidValue("Value %v for parameter %s is invalid. Reason: %s", value, parameter, reason)
}

func missing(parameter string) *wire.Error {
	e := wire.Errorf("com.amazonaws.sqs#MissingRequiredParameterException", "The request must contain the parameter %s.",
		parameter)
	e.QueryCode = "MissingParameter;Sender"
	return e
}

func noSuchQueue() *wire.Error {
	return fail("QueueDoesNotExist", "The specified queue does not exist.")
}

// A failure is an entry of a batch that did not succeed.
type failure struct {
	ID          string `json:"Id"`
	Code        string
	Message     string
	SenderFault bool
}

func failed(id string, err error) failure {
	var e *wire.Error
	if !errors.As(err, &e) {
		return failure{ID: id, Code: "InternalError", Message: err.Error()}
	}
	code, _, _ := strings.Cut(e.QueryCode, ";")
	return failure{ID: id, Code: code, Message: e.Message, SenderFault: true}
}

// between refuses a number outside its range; nil stands for "not given".
func between(parameter string, n *int, low, high int) error {
	if n == nil || *n >= low && *n <= high {
		return nil
	}
	return invalid(parameter, *n, fmt.Sprintf("Must be between %d and %d, if provided.", low, high))
}

func or(n *int, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return *n
}
