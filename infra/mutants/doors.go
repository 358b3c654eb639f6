package main

// doors are the mutants of what lets callers in, and us out.
func doors() []mutant {
	const (
		signature = "shared/signature/signature.go"
		outhttp   = "shared/outhttp/outhttp.go"
		secret    = "shared/secret/secret.go"
		socket    = "shared/store/socket.go"
		session   = "functions/channels/inapp/session.go"
		chat      = "functions/channels/inapp/chat/"
		pusher    = "functions/channels/inapp/socket/pusher.go"
		api       = "functions/http/api/"
	)
	return []mutant{
		{file: signature, old: `		if strings.TrimSpace(s) == "" {
			continue
		}
		mac`, new: `		mac`, tests: []string{"shared/signature TestHMAC"}, why: "an empty secret verifies"},
		{file: signature, old: `		if strings.TrimSpace(s) == "" {
			continue
		}
		want`, new: `		want`, tests: []string{"shared/signature TestToken"}, why: "an empty token verifies"},
		{file: signature, old: `if err != nil || strings.ContainsAny(got, ", ") {`, new: `if err != nil {`, tests: []string{"shared/signature TestHMAC"}, why: "two headers, joined, are one"},
		{file: signature, old: `d > tolerance || d < -tolerance`, new: `d > tolerance`, tests: []string{"shared/signature TestFresh"}, why: "a request from the future can be posted again for ever"},
		{file: signature, old: `base64.StdEncoding.Strict()`, new: `base64.StdEncoding`, tests: []string{"shared/signature TestBase64HasOneSpelling"}, why: "a signature has several spellings"},

		{file: outhttp, old: `Proxy:                  nil,`, new: `Proxy:                  http.ProxyFromEnvironment,`, tests: []string{"shared/outhttp TestNoProxy"}, why: "a proxy resolves the names, and the guard sees the proxy"},
		{file: outhttp, old: `Timeout: 5 * time.Second, Control: ssrf.New(ssrf.WithPorts(443, 8443)).Safe}`, new: `Timeout: time.Duration(len(fmt.Sprint(ssrf.New()))) * time.Second}`,
			tests: []string{"shared/outhttp TestPrivateAddresses|TestRebinding"}, why: "private addresses are reached"},
		{file: outhttp, old: `u.Scheme != "https" || u.Host`, new: `u.Host`, tests: []string{"shared/outhttp TestForbidden"}, why: "a secret goes out in clear text"},
		{file: outhttp, old: ` || u.User != nil:`, new: `:`, tests: []string{"shared/outhttp TestForbidden"}, why: "an address with a password is called"},
		{file: outhttp, old: `case c.allowed != nil && !c.allowed(u.Host):`, new: `case c.allowed == nil && u.Host == "":`, tests: []string{"shared/outhttp TestForbidden"}, why: "a token goes to a host that is not the platform's"},
		{file: outhttp, old: `if hop == maxRedirects {`, new: `if hop == 1<<20 {`, tests: []string{"shared/outhttp TestRedirects"}, why: "redirects go on for ever"},
		{file: outhttp, old: `if written {`, new: `if written && err == nil {`, tests: []string{"shared/outhttp TestWritten"}, why: "a call that may have been taken is told not to have left"},
		{file: outhttp, old: `left: MaxBody`, new: `left: 1 << 62`, tests: []string{"shared/outhttp TestEndlessAnswer"}, why: "an endless answer fills the memory"},
		{file: outhttp, old: `ok && c.allowed != nil {`, new: `ok {`, tests: []string{"shared/outhttp TestTraceAndCaller"}, why: "strangers learn of the trace"},

		{file: secret, old: `if a.now().Sub(created) < Grace {`, new: `if a.now().Sub(created) < 1000*Grace {`, tests: []string{"shared/secret TestPreviousWithinGrace"}, why: "a secret that was replaced is valid for ever"},
		{file: secret, old: `due := ok && a.now().Sub(e.asked) >= RefetchAfter`, new: `due := ok`, tests: []string{"shared/secret TestRefetch"}, why: "each forgery costs a look-up"},
		{file: secret, old: `if errors.Is(err, ErrUnknown) { // deleted`, new: `if errors.Is(err, ErrBusy) { // deleted`, tests: []string{"shared/secret TestDeletedAccount"}, why: "an account that was deleted is believed"},
		{file: secret, old: `return a.first.AllowN(a.now(), 1)`, new: `return true`, tests: []string{"shared/secret TestGuesses"}, why: "each guess of an account costs a look-up"},
		{file: secret, old: `if ok && e.err == nil { // Secrets`, new: `if ok && e.err != nil { // Secrets`, tests: []string{"shared/secret TestDown"}, why: "an outage of Secrets Manager is one of ours"},

		// In-app.
		{file: socket, old: `aws.String("e > :now")`, new: `aws.String("e > :now OR attribute_exists(e)")`, tests: []string{sys + "TestInAppTickets"}, why: "a ticket is good for ever"},
		{file: socket, old: `aws.String("e > :now"), Exp`, new: `aws.String("e > :now OR attribute_not_exists(e)"), Exp`, tests: []string{sys + "TestInAppTickets"}, why: "a ticket is good twice"},
		{file: socket, old: `ConditionExpression: aws.String("attribute_not_exists(c)"), ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	var exists`, new: `})
	var exists`, tests: []string{sys + "TestInAppMerge"}, why: "a user's second visit takes over the first one's conversation"},
		{file: socket, old: `aws.String("attribute_not_exists(n) OR n < :n")`, new: `aws.String("attribute_not_exists(n) OR n <> :n")`, tests: []string{sys + "TestInAppReadElsewhere"}, why: "what was read is unread again"},
		{file: socket, old: `m, &dynamodb.PutItemInput{ConditionExpression: aws.String("attribute_not_exists(c)")})`, new: `m, &dynamodb.PutItemInput{})`, tests: []string{sys + "TestInAppLoginStops"},
			why: "a conversation goes on in two others"},
		{file: socket, old: `if r.ID == session || r.ID == everyone {`, new: `if r.ID == session {`, tests: []string{sys + "TestInAppMerge|TestInAppLogin"}, why: "a session of a conversation that was joined to another goes on"},
		{file: socket, old: `GetItemInput{TableName: &t.name, ConsistentRead: aws.Bool(true), Key: key(c, s)}`, new: `GetItemInput{TableName: &t.name, Key: key(c, s)}`, tests: []string{sys + "TestStaleReadsInApp"},
			why: "a connection is not known yet, or where a conversation goes on"},
		{file: socket, old: `QueryInput{TableName: &t.name, ConsistentRead: aws.Bool(true), Key`, new: `QueryInput{TableName: &t.name, Key`, tests: []string{sys + "TestStaleReadsInApp"}, why: "a session that is over enters, a new connection hears nothing"},
		{file: session, old: `jwt.WithAudience(audience), `, new: ``, tests: []string{"functions/channels/inapp TestSessions"}, why: "another token under the same key is a session"},
		{file: session, old: `, jwt.WithIssuer(a.ID)`, new: ``, tests: []string{"functions/channels/inapp TestSessions"}, why: "a session of one app enters another with the same key"},
		{file: session, old: `jwt.WithExpirationRequired(), `, new: ``, tests: []string{"functions/channels/inapp TestUserVector|TestUserKeys|TestSessions|TestKeySets"}, why: "a token without an end is good for ever"},
		{file: session, old: `|| u.ExpiresAt.After(now.Add(maxUserLife+leeway))`, new: ``, tests: []string{"functions/channels/inapp TestUserVector|TestUserKeys|TestKeySets"}, why: "a user token is good for years"},
		{file: session, old: `return public, bits >= minBits && bits <= maxBits`, new: `return public, bits > 0`, tests: []string{"functions/channels/inapp TestKeySets"}, why: "a key that can be factored proves a user"},
		{file: session, old: `o == origin && isOrigin(o)`, new: `strings.HasPrefix(origin, o) && isOrigin(o)`, tests: []string{"functions/channels/inapp TestOrigins"}, why: "a page whose name begins alike is the brand's"},
		{file: "functions/channels/inapp/socket/socket.go", old: `if err == nil && !h.admits(a, e) {`, new: `if err != nil && !h.admits(a, e) {`, tests: []string{sys + "TestInAppOrigins"}, why: "any page opens a socket"},
		{file: "functions/channels/inapp/socket/socket.go", old: `	err = h.Open(ctx, a, b.Session)
	}
	if err == nil && !h`, new: `	err = ctx.Err()
	}
	if err == nil && !h`, tests: []string{sys + "TestInAppTicketAfterLogout"}, why: "a ticket outlives its session"},
		{file: chat + "core.go", old: `err == nil && (ended || !`, new: `err == nil && (!`, tests: []string{sys + "TestInAppLogout|TestInAppLogin"}, why: "a session that was ended goes on"},
		{file: chat + "core.go", old: `m != nil && !strings.HasPrefix(m.PlatformID, inapp.UploadPrefix(a.ID, s.Thread))`, new: `m != nil && m.PlatformID == ""`, tests: []string{sys + "TestInAppUpload"}, why: "a customer sends another's file"},
		{file: chat + "core.go", old: `if err == nil && wait > 0 {`, new: `if err == nil && wait > 1<<62 {`, tests: []string{sys + "TestInAppTooFast"}, why: "nobody is too fast"},
		{file: chat + "session.go", old: `if begun == 0 {`, new: `if begun >= 0 {`, tests: []string{sys + "TestInAppBrandBegins"}, why: "what the brand said first is not found"},
		{file: chat + "message.go", old: `it.Sequence > g.until && OfBrand(&e)`, new: `it.Sequence > g.until && !OfBrand(&e)`, tests: []string{sys + "TestInAppLateAnswer"}, why: "a late answer shows twice, what the customer said not at all"},
		{file: pusher, old: `moved, err := p.move(ctx, &e); moved || err != nil {`, new: `_, err := p.move(ctx, &e); err != nil {`, tests: []string{sys + "TestInAppLateAnswer"}, why: "an answer goes to a conversation that its customer left"},
		{file: pusher, old: `if reached > 0 || !notifies(&e)`, new: `if !notifies(&e)`, tests: []string{sys + "TestInAppWebPush"}, why: "who reads along is notified"},

		// The API.
		{file: api + "api.go", old: ` && signature.Token([]string{h.Token}, token) == nil`, new: ` && signature.Token([]string{h.Token}, token) != errors.ErrUnsupported`, tests: []string{"functions/http/api TestCallersMustBeKnown"},
			why: "any token opens the API"},
		{file: api + "api.go", old: `json.Unmarshal(payload, &p) == nil && (by.IAM`, new: `json.Unmarshal(payload, &p) == nil || (by.IAM`, tests: []string{"functions/http/api TestAuthoriserMustHaveSpoken"},
			why: "who passed no authoriser is let in"},
		{file: api + "send.go", old: `if !namesOnly(o.To, r.id) {`, new: `if !namesOnly(o.To, r.id) && r.id == "" {`, tests: []string{"functions/http/api TestReply"}, why: "the body names another conversation than the path, and is not told"},
		{file: api + "send.go", old: `case key != "" && key != o.IdempotencyKey:`, new: `case key == "" && key == o.IdempotencyKey:`, tests: []string{"functions/http/api TestKeyInTheHeader"}, why: "of two keys one is chosen"},
		{file: api + "send.go", old: `if err := h.Outbox.Ring(ctx, a); err != nil {`, new: `if err := h.Outbox.Ring(ctx, a); err != nil {
			return answer{}, err`, tests: []string{"functions/http/api TestRingIsNoPromise"}, why: "a caller is told that what is stored is not"},
		{file: api + "send.go", old: `if key == "" {
		return rand`, new: `if key != "" {
		return rand`, tests: []string{"functions/http/api TestAct"}, why: "an action is done twice, and a second one not at all"},
		{file: api + "delivery.go", old: `if !read.Before(since) {`, new: `if !read.IsZero() {`, tests: []string{"functions/http/api TestWatermarks"}, why: "what was said after the customer read is read"},
		{file: api + "conversation.go", old: `if size+n > maxPageBytes && len(out.Items) > 0 {`, new: `if size+n > maxAnswer*9 && len(out.Items) > 0 {`, tests: []string{"functions/http/api TestHistoryOfLargeMessages"}, why: "a page is larger than Lambda answers"},
		{file: "shared/store/conversation.go", old: `op = "q < :q"`, new: `op = "q <= :q"`, tests: []string{"functions/http/api TestHistoryHasAllOnce", sys + "TestInAppHistory"}, why: "pages overlap"},
	}
}
