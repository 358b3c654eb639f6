package events

import (
	"fmt"
	"strconv"
	"strings"
)

// A Fault is one thing wrong with a request: where, and what to do about it.
// Neither holds what the request says.
type Fault struct {
	Path    string `json:"path"`    // "content[0].choice.options[3].value"
	Message string `json:"message"` // "must be an https URL"
}

// Faults is the error of Decode and Outbound.Validate: every fault, in document order.
type Faults []Fault

// MaxFaults bounds what is told of one request: whoever has more faults knows what
// to do.
const MaxFaults = 50

func (fs Faults) Error() string {
	parts := make([]string, len(fs))
	for i, f := range fs {
		parts[i] = f.Path + ": " + f.Message
	}
	return strings.Join(parts, "; ")
}

// A checker walks a request and notes faults.
type checker struct{ faults Faults }

func (c *checker) fault(path, format string, args ...any) {
	c.faults = append(c.faults, Fault{path, fmt.Sprintf(format, args...)})
}

func (c *checker) need(ok bool, path, message string) {
	if !ok {
		c.fault(path, "%s", message)
	}
}

// filled notes a text that is missing or blank.
func (c *checker) filled(s, path string) {
	c.need(!Blank(s), path, "must not be empty")
}

// id notes an identifier that would not come back as it went out.
func (c *checker) id(s, path string) {
	c.need(isID(s), path, "must not be empty, nor begin or end with what cannot be seen")
}

// dot and index extend a path.
func dot(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
