package events

func pattern(p string) node { return node{"pattern": p} }

const base32ID = "_[a-z2-7]{26}$"

// commonRules hold for events and for outbound requests.
func commonRules(kinds []Kind) map[string]node {
	return map[string]node{
		"Content":          {"oneOf": kindCases(kinds), "allOf": []any{node{"oneOf": memberCases(kinds)}}},
		"Content.Contacts": {"minItems": 1},
		"Content.Cards":    {"minItems": 1},
		"Ref.ID":           pattern("^msg" + base32ID),
		"Identity.Value":   {"minLength": 1},
		"Media.SHA256":     pattern("^[0-9a-f]{64}$"),
	}
}

// kindCases tie the discriminator to the member that it names.
func kindCases(kinds []Kind) []any {
	var cases []any
	for _, k := range kinds {
		cases = append(cases, node{"properties": node{"kind": node{"const": k}}, "required": []Kind{k}})
	}
	return cases
}

// memberCases allow one member only.
func memberCases(kinds []Kind) []any {
	var cases []any
	for _, k := range kinds {
		cases = append(cases, node{"required": []Kind{k}})
	}
	return cases
}

func eventRules() map[string]node {
	rules := commonRules(Kinds())
	for key, rule := range map[string]node{
		"Event.SpecVersion":       {"const": SpecVersion},
		"Event.ID":                pattern("^evt" + base32ID),
		"Event.Source":            pattern("^/channels/[^/]+/accounts/[^/]+$"),
		"Event.Subject":           pattern("^cnv" + base32ID),
		"Event.DataContentType":   {"const": ContentType},
		"Event.DataSchema":        {"format": "uri"},
		"Event.PartitionKey":      pattern("^cnv" + base32ID),
		"Event.Sequence":          pattern("^[0-9]{20}$"),
		"Event.Channel":           {"minLength": 1},
		"Event.Account":           {"minLength": 1},
		"Event.Hold":              pattern("^[0-9]{20}$"),
		"Handling.Seen":           pattern("^[0-9]{20}$"),
		"Note.Text":               pattern(`\S`),
		"Data.Channel":            {"minLength": 1},
		"Data.Account":            {"minLength": 1},
		"Contact.ID":              pattern("^con" + base32ID),
		"Contact.Identities":      {"minItems": 1},
		"Conversation.ID":         pattern("^cnv" + base32ID),
		"Conversation.PlatformID": {"minLength": 1},
		"Message.ID":              pattern("^msg" + base32ID),
		"Message.Content":         {"minItems": 1},
		"Deletion.Messages":       {"minItems": 1},
		"Participants.Members":    {"minItems": 1},
		"Receipt":                 anyOf("upTo", "upToTime"),
		"IdentityChange":          anyOf("previous", "current"),
		"Media":                   {"required": []string{"state"}},
		"Payment":                 {"required": []string{"state"}},
	} {
		rules[key] = rule
	}
	return rules
}

func anyOf(names ...string) node {
	var cases []any
	for _, n := range names {
		cases = append(cases, node{"required": []string{n}})
	}
	return node{"anyOf": cases}
}

// outboundRules say what Outbound.Validate says, as far as a schema can.
func outboundRules() map[string]node {
	rules := commonRules(Outbounds())
	for _, key := range []string{
		"To.Channel", "To.Account", "To.Person", "Override.Channel", "Fallback.Channel", "Text.Body", "Entity.Type",
		"Card.Name",
		"Choice.Text", "Option.ID", "Option.Label", "Panel.Title", "Form.ID", "Form.Title", "FormField.ID",
		"FormField.Label",
		"Schedule.ID", "Schedule.Title", "Slot.ID", "Payment.Reference", "PaymentLine.Label", "Product.ID",
		"OrderItem.Product",
		"Template.Name", "Template.Language", "Native.Channel", "Field.Name", "Identity.Value",
	} {
		rules[key] = pattern(`\S`)
	}
	for _, key := range []string{
		"Media.URL", "Location.URL", "Option.Image", "Form.URL", "Payment.URL", "Product.URL", "Product.Image", "Link.URL",
		"Link.Image",
	} {
		rules[key] = pattern("^https://[^/@]")
	}
	for _, key := range []string{"Media.Bytes", "Media.Width", "Media.Height", "Media.DurationMS", "Fallback.AfterMS",
		"Entity.Offset"} {
		rules[key] = node{"minimum": 0}
	}
	for key, rule := range map[string]node{
		"Outbound.IdempotencyKey": pattern("^[!-~]{1,128}$"),
		"Outbound.Hold":           pattern("^[0-9]{20}$"),
		"Outbound.IfSequence":     pattern("^[0-9]{20}$"),
		"Outbound.Content":        {"minItems": 1, "maxItems": MaxParts},
		"Outbound.Metadata":       {"maxItems": MaxMetadata},
		"Override.Content":        {"minItems": 1, "maxItems": MaxParts},
		"To":                      {"oneOf": recipients()},
		"To.Conversation":         pattern("^cnv" + base32ID),
		"To.Contact":              pattern("^con" + base32ID),
		"Ref":                     {"onlyRequired": []string{"id"}},
		"Entity.Length":           {"minimum": 1},
		"Media":                   anyOf("url", "sha256", "platformId"),
		"Location.Latitude":       {"minimum": -90, "maximum": 90},
		"Location.Longitude":      {"minimum": -180, "maximum": 180},
		"Choice.Options":          {"minItems": 1},
		"Option":                  {"allOf": optionValues()},
		"FormField":               selectNeedsOptions(),
		"Schedule.Slots":          {"minItems": 1},
		"Slot.DurationMS":         {"minimum": 1},
		"Payment":                 {"required": []string{"amount"}},
		"Money.Currency":          pattern("^[A-Z]{3}$"),
		"Order.Items":             {"minItems": 1},
		"OrderItem.Quantity":      {"minimum": 1},
		"Template.Fallback": {"items": node{
			"$ref": "#/$defs/Content", "properties": node{"kind": node{"not": node{"const": KindTemplate}}},
		}},
		"Native.JSON": {"contentMediaType": "application/json"},
	} {
		rules[key] = rule
	}
	return rules
}

// recipients are the three ways of To.
func recipients() []any {
	return []any{
		way([]string{"conversation"}, "channel", "account", "contact", "identity", "person", "channels"),
		way([]string{"channel", "account", "contact"}, "conversation", "identity", "person", "channels"),
		way([]string{"channel", "account", "identity"}, "conversation", "contact", "person", "channels"),
		way([]string{"person"}, "conversation", "channel", "account", "contact", "identity"),
	}
}

func way(required []string, others ...string) node {
	return node{"required": required, "not": anyOf(others...)}
}

func optionValues() []any {
	when := func(then node, actions ...string) node {
		return node{
			"if":   node{"properties": node{"action": node{"enum": actions}}, "required": []string{"action"}},
			"then": node{"required": []string{"value"}, "properties": node{"value": then}},
		}
	}
	return []any{
		when(pattern("^https://[^/@]"), ActionURL, ActionWebView),
		when(pattern(`\S`), ActionCall, ActionCopy),
	}
}

func selectNeedsOptions() node {
	return node{
		"if":   node{"properties": node{"type": node{"const": InputSelect}}},
		"then": node{"required": []string{"options"}, "properties": node{"options": node{"minItems": 1}}},
	}
}
