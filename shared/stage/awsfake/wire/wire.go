// Package wire is the part of AWS's JSON protocols that the emulated services share: how a request body is read, and
// how an answer or an error is written. https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
package wire

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// An Error is an answer that refuses a request.
type Error struct {
	Status        int            // HTTP status; 400 when zero
	Type, Message string         // Type goes into __type, with its namespace: "com.amazonaws.sqs#QueueDoesNotExist"
	Fields        map[string]any // further members of the body, such as CancellationReasons or Item
	QueryCode     string         // x-amzn-query-error, where the SDKs look for the code that the older protocol used; optional
}

func (e *Error) Error() string { return e.Code() + ": " + e.Message }

// Code is Type without its namespace: "QueueDoesNotExist".
func (e *Error) Code() string { return e.Type[strings.LastIndexByte(e.Type, '#')+1:] }

// StatusCode is the HTTP status the error is answered with.
func (e *Error) StatusCode() int {
	if e.Status == 0 {
		return http.StatusBadRequest
	}
	return e.Status
}

// Errorf makes an Error of status 400.
func Errorf(typ, format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Type: typ, Message: fmt.Sprintf(format, args...)}
}

// UnknownOperation is the answer to every action that is not emulated.
func UnknownOperation(action string) *Error {
	return Errorf("com.amazon.coral.service#UnknownOperationException", "%q is not an operation this endpoint emulates",
		action)
}

// Decode reads a request body into a struct whose fields are the parameters that are understood. A parameter it does
// not know is refused: ignoring it would be a silent difference from AWS.
func Decode(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, more := d.Token(); more == io.EOF {
			return nil
		}
		err = errors.New("data after the request's JSON object")
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return Errorf("com.amazon.coral.validate#ValidationException", "parameter %s is unknown or not emulated", name)
	}
	return Errorf("com.amazon.coral.service#SerializationException", "the request is not the JSON expected: %s",
		strings.TrimPrefix(err.Error(), "json: "))
}

// WriteReply writes a successful answer. A nil reply has an empty JSON object as body.
func WriteReply(w http.ResponseWriter, contentType string, reply any) error {
	if reply == nil {
		reply = struct{}{}
	}
	body, err := Marshal(reply)
	if err != nil {
		return fmt.Errorf("write reply: %w", err)
	}
	write(w, contentType, http.StatusOK, body)
	return nil
}

// WriteError writes an answer that refuses. An error that is no *Error becomes InternalServerError, status 500.
func WriteError(w http.ResponseWriter, contentType string, err error) {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Status: http.StatusInternalServerError, Type: "InternalServerError", Message: err.Error()}
	}
	body := map[string]any{"__type": e.Type, "message": e.Message}
	for k, v := range e.Fields {
		body[k] = v
	}
	b, err := Marshal(body)
	if err != nil {
		b = []byte(`{"__type":"InternalServerError","message":"the error could not be written as JSON"}`)
	}
	if e.QueryCode != "" {
		w.Header().Set("X-Amzn-Query-Error", e.QueryCode)
	}
	w.Header().Set("X-Amzn-Errortype", e.Type)
	write(w, contentType, e.StatusCode(), b)
}

// Marshal is json.Marshal that leaves <, > and & as they are, like AWS does.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// RequestID is a fresh id in the shape that AWS's have.
func RequestID() string {
	var b [16]byte
	rand.Read(b[:])
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

func write(w http.ResponseWriter, contentType string, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Amzn-Requestid", RequestID())
	h.Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	w.WriteHeader(status)
	w.Write(body)
}
