// Package samples holds the canonical samples of package events: in/<type>.json
// and in/<type>.<variant>.json are events, out/<what>.json outbound requests that
// every channel must render.
package samples

import "embed"

// Files are the samples.
//
//go:embed in/*.json out/*.json
var Files embed.FS
