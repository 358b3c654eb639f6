package ddb

import "github.com/relais-dev/relais/shared/stage/awsfake/wire"

const namespace = "com.amazonaws.dynamodb.v20120810#"

// invalid refuses a request in AWS's words where they are known, because people search the web for them.
func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("com.amazon.coral.validate#ValidationException", format, args...)
}

func refused(code, format string, args ...any) *wire.Error {
	return wire.Errorf(namespace+code, format, args...)
}

// conditionFailed carries the item found when the caller asked for it.
func conditionFailed(found Item) *wire.Error {
	e := refused("ConditionalCheckFailedException", "The conditional request failed")
	if found != nil {
		e.Fields = map[string]any{"Item": found}
	}
	return e
}

func isValidation(err error) (*wire.Error, bool) {
	e, ok := err.(*wire.Error)
	return e, ok && e.Code() == "ValidationException"
}
