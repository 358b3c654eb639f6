package events

import (
	"maps"
	"reflect"
	"testing"
)

// definedIn says that the definitions of a document stand there and are referred to.
func (g *generator) definedIn(file string, doc node) {
	for name := range doc["$defs"].(node) {
		g.elsewhere[name] = file
	}
}

// actionSchema is the schema of an action, which shares its parts with messages;
// only the message it is about is named by the platform's id.
func actionSchema(t *testing.T) node {
	rules := outboundRules()
	delete(rules, "Ref.ID")
	rules["Ref"] = node{"onlyRequired": []string{"platformId"}}
	rules["Ref.PlatformID"] = pattern(`\S`)
	rules["Action.Content"] = node{"maxItems": 1}
	g := newGenerator(t, rules)
	g.definedIn("message.schema.json", messageSchema(t))
	delete(g.elsewhere, "Ref")
	g.schema(reflect.TypeFor[Action]())
	draft := g.object(reflect.TypeFor[Action]())
	draft["description"] = "An Action whose conversation is known from where it was sent to."
	draft["required"] = []string{"verb"}
	g.defs["ActionDraft"] = draft
	return node{
		"$schema": dialect, "$id": SchemaRoot + "action.schema.json", "title": "Action",
		"description": "A request to do what is no message. Relais checks in addition that the channel can do it. " + noteGenerated,
		"$ref":        "#/$defs/Action", "$defs": g.defs,
	}
}

// commandSchema is the schema of a command, which shares its parts with messages.
func commandSchema(t *testing.T) node {
	rules := outboundRules()
	for key, rule := range map[string]node{
		"Command":                {"required": []string{"to"}},
		"Command.IdempotencyKey": pattern("^[!-~]{1,128}$"),
		"Command.Hold":           pattern("^[0-9]{20}$"),
		"Command.Seen":           pattern("^[0-9]{20}$"),
		"Command.Local":          pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$"),
		"Command.History":        {"minimum": 0, "maximum": MaxHistory},
		"Command.QuietMS":        {"minimum": 0, "maximum": MaxQuiet.Milliseconds()},
		"Command.Tags":           {"maxItems": MaxTags},
		"Command.Mentions":       {"maxItems": MaxMentions},
		"Command.Reason":         {"maxLength": MaxReason},
		"Command.Text":           {"maxLength": MaxNote},
	} {
		rules[key] = rule
	}
	g := newGenerator(t, rules)
	g.definedIn("message.schema.json", messageSchema(t))
	delete(g.elsewhere, "Command")
	g.schema(reflect.TypeFor[Command]())
	delete(rules, "Command")
	draft := g.object(reflect.TypeFor[Command]())
	draft["description"] = "A Command whose conversation is known from where it was sent to."
	draft["required"] = []string{"do"}
	g.defs["CommandDraft"] = draft
	return node{
		"$schema": dialect, "$id": SchemaRoot + "command.schema.json", "title": "Command",
		"description": "A request to change how a conversation is handled. Relais decides it by how the conversation is then. " +
			noteGenerated,
		"$ref": "#/$defs/Command", "$defs": g.defs,
	}
}

// apiSchema defines what the HTTP API takes and answers besides messages, actions
// and events.
func apiSchema(t *testing.T) node {
	defs := requestDefs(t)
	maps.Copy(defs, answerDefs(t))
	return node{
		"$schema": dialect, "$id": SchemaRoot + "api.schema.json", "title": "HTTP API",
		"description": "What the HTTP API takes and answers. " + noteGenerated, "$defs": defs,
	}
}

// requestDefs define messages of which a path or a header says a part.
func requestDefs(t *testing.T) node {
	g := newGenerator(t, outboundRules())
	g.definedIn("message.schema.json", messageSchema(t))
	draft := g.object(reflect.TypeFor[Outbound]())
	draft["description"] = "An Outbound whose recipient and key are known from elsewhere, or not needed."
	draft["required"] = []string{"content"}
	g.defs["Draft"] = draft
	g.defs["Addressed"] = node{"description": "An Outbound whose key may stand in the header Idempotency-Key.",
		"$ref": "#/$defs/Draft", "required": []string{"to"}}
	g.rules["RenderRequest.Outbound"] = node{"$ref": "#/$defs/Draft"}
	g.schema(reflect.TypeFor[RenderRequest]())
	g.rules["Claim.Assignee"] = node{"minLength": 1, "maxLength": MaxAgentID}
	g.rules["Claim.Limit"] = node{"minimum": 0, "maximum": 100}
	g.schema(reflect.TypeFor[Claim]())
	return g.defs
}

func answerDefs(t *testing.T) node {
	g := newGenerator(t, map[string]node{
		"Problem.Type": {"format": "uri"},
		"Delivery.ID":  pattern("^msg" + base32ID),
		"Part.ID":      pattern(`^msg_[a-z2-7]{26}\.[1-9][0-9]*$`),
	})
	g.enums["Problem.Class"] = g.enums["StatusError.Class"]
	g.definedIn("defs.schema.json", eventDefs(t))
	g.elsewhere["Content"] = "message.schema.json"
	for _, answer := range []reflect.Type{
		reflect.TypeFor[Acceptance](), reflect.TypeFor[Problem](), reflect.TypeFor[Delivery](),
		reflect.TypeFor[ConversationState](), reflect.TypeFor[EventPage](),
		reflect.TypeFor[ConversationPage](), reflect.TypeFor[ClaimOutcome](), reflect.TypeFor[Outcome](),
		reflect.TypeFor[ActionAcceptance](), reflect.TypeFor[Rendered](), reflect.TypeFor[ChannelList](),
		reflect.TypeFor[AuditPage](),
	} {
		g.schema(answer)
	}
	return g.defs
}
