package play

import (
	"encoding/json"
	"fmt"
)

// Number is a number of JSON: a text that looks like one is none.
func Number() Check {
	return That("a number", func(_ Taken, v any) bool { _, ok := v.(json.Number); return ok })
}

// Truth is true or false of JSON.
func Truth() Check {
	return That("true or false", func(_ Taken, v any) bool { _, ok := v.(bool); return ok })
}

// Alike is a list whose elements have the same at a place within them, as far as alike
// tells: where a vendor wants all columns with a title, or none.
func Alike(at string, alike func(any) string) Check {
	return That(fmt.Sprintf("all alike in %s", at), func(_ Taken, v any) bool {
		list, _ := v.([]any)
		seen := map[string]bool{}
		for _, e := range list {
			for _, f := range (Taken{Tree: e}).at(at) {
				seen[alike(f.value)] = true
			}
		}
		return len(seen) <= 1
	})
}

// There tells what is there from what is not, and Plain one text from another: for Alike.
func There(v any) string {
	if s, text := str(v); v == nil || text && s == "" {
		return ""
	}
	return "there"
}

// Plain is a text, number or truth as text.
func Plain(v any) string { return plain(v) }

// Sized is the number of a list's elements as text.
func Sized(v any) string {
	list, _ := v.([]any)
	return fmt.Sprint(len(list))
}
