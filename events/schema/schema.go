// Package schema holds the JSON Schemas of package events: one per event type,
// named "<type>.schema.json", what they share in defs.schema.json, and
// message.schema.json for outbound requests.
package schema

import "embed"

// Files are the schemas.
//
//go:embed *.schema.json
var Files embed.FS
