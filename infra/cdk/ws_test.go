package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// isSocket says whether a route or stage is the WebSocket API's.
func isSocket(p map[string]any) bool {
	id, _ := p["ApiId"].(map[string]any)
	return id["Ref"] == "SocketApi"
}

// TestSockets: the WebSocket API hands everything to one function, sends back what
// it answers to messages, and is there only with in-app messaging.
func TestSockets(t *testing.T) {
	for _, d := range stages() {
		on, routes, answers, stages := d.Config.Has("inapp"), map[string]any{}, 0, 0
		d.stateless.each(t, "AWS::ApiGatewayV2::Route", func(_ string, p map[string]any, _ resource) {
			if isSocket(p) {
				routes[p["RouteKey"].(string)] = p["RouteResponseSelectionExpression"]
				target := p["Target"].(map[string]any)["Fn::Join"].([]any)[1].([]any)[1].(map[string]any)["Ref"].(string)
				uri := d.stateless.text(d.stateless.Resources[target].Properties["IntegrationUri"])
				if !strings.HasSuffix(uri, ":function:relais-"+d.Stage+"-socket/invocations") {
					t.Errorf("%v goes to %s", p["RouteKey"], uri)
				}
			}
		})
		d.stateless.each(t, "AWS::ApiGatewayV2::Stage", func(_ string, p map[string]any, r resource) {
			if isSocket(p) {
				stages++
				settings := p["DefaultRouteSettings"].(map[string]any)
				if settings["ThrottlingRateLimit"] != 300.0 || settings["DataTraceEnabled"] != false ||
					len(list(r.DependsOn)) != 3 {
					t.Errorf("stage %v waits for %v", p, r.DependsOn)
				}
			}
		})
		for _, r := range d.stateless.Resources {
			if r.Type == "AWS::ApiGatewayV2::RouteResponse" {
				answers++
			}
		}
		want := map[string]any{"$connect": nil, "$disconnect": nil, "$default": "$default"}
		if !on {
			want = map[string]any{}
		}
		if diff := cmp.Diff(want, routes); diff != "" {
			t.Errorf("routes of %s (-want +got):\n%s", d.Stage, diff)
		}
		if on && (answers != 1 || stages != 1) || !on && answers+stages != 0 {
			t.Errorf("%s has %d answers and %d stages", d.Stage, answers, stages)
		}
	}
}
