package main

// outbound are the mutants of the way from a request to the customer.
func outbound() []mutant {
	const (
		account = "shared/store/account.go"
		store   = "shared/store/outbox.go"
		lane    = "shared/store/lane.go"
		outbox  = "shared/outbox/outbox.go"
		sender  = "functions/workers/sender/sender.go"
		step    = "functions/workers/sender/step.go"
		media   = "functions/workers/media/media.go"
	)
	return []mutant{
		// What is kept of a message.
		{file: store, old: `record := types.Put{TableName: &t.name, ConditionExpression: aws.String("attribute_not_exists(c)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,`, new: `record := types.Put{TableName: &t.name,`,
			tests: []string{sys + "TestSameKeyAtOnce"}, why: "two requests with one key, at once, are two messages"},
		{file: store, old: `aws.String("v = :old")`, new: `aws.String("v = :old OR attribute_exists(v)")`, tests: []string{sys + "TestTwoSenders"}, why: "two senders make the same call"},
		{file: store, old: `attrs{":x": number(now.Add(t.retention).Unix())}`, new: `attrs{":x": number(now.Unix())}`, tests: []string{sys + "TestSameKeyNextDay"},
			why: "a key is known for no time, and its repetition is said again"},
		{file: store, old: `GetItemInput{TableName: &t.name, ConsistentRead: aws.Bool(true), Key: key(id, messageKey)}`, new: `GetItemInput{TableName: &t.name, Key: key(id, messageKey)}`,
			tests: []string{sys + "TestStaleReads"}, why: "a message is read as it was before its call"},
		{file: store, old: `"attribute_not_exists(r) OR r < :r"`, new: `"attribute_not_exists(r) OR r <> :r"`, tests: []string{sys + "TestReceiptsOnlyMoveUp"}, why: "what was read is delivered again"},
		{file: store, old: `OR " + name + " < :t"`, new: `OR " + name + " <> :t"`, tests: []string{"functions/http/api TestWatermarks"},
			why: "an old watermark takes back a new one"},
		{file: "shared/store/conversation.go", old: `OR n < :max"`, new: `OR n <= :max"`, tests: []string{sys + "TestWindowOfFive|TestHandleIsUsedOnce"}, why: "one answer more than the window allows"},
		{file: account, old: `OR f = :seen OR f <= :now`, new: `OR f = :seen OR f > :seen OR f <= :now`, tests: []string{sys + "TestTokensAtOnce"},
			why: "senders that take tokens at once take more than there are"},
		{file: account, old: `(attribute_not_exists(l) OR l < :now)`, new: `(attribute_not_exists(l) OR l > :now OR l < :now)`, tests: []string{sys + "TestTokenIsMintedByOne"},
			why: "two senders mint a token, and one of theirs is void"},
		{file: account, old: `ConsistentRead: aws.Bool(true), Key: key("account:"+account, pauseKey)`, new: `Key: key("account:"+account, pauseKey)`,
			tests: []string{sys + "TestStaleReads"}, why: "a paused account goes on"},
		{file: account, old: `ConsistentRead: aws.Bool(true), Key: key("account:"+account, tokenKey)`, new: `Key: key("account:"+account, tokenKey)`,
			tests: []string{sys + "TestStaleReads"}, why: "a token is minted again, or used after its end"},
		{file: lane, old: `ConsistentRead: aws.Bool(true),
		Limit: aws.Int32(1)`, new: `Limit: aws.Int32(1)`, tests: []string{sys + "TestStaleReads"}, why: "an answer does not know what it stands behind"},
		{file: lane, old: `err == nil && before >= count`, new: `err == nil && before >= count && count == 0`, tests: []string{sys + "TestClockSetBack"}, why: "a clock that is set back turns answers round"},

		// What is accepted.
		{file: outbox, old: `if m.Hash != hash {`, new: `if m.Hash == "" {`, tests: []string{sys + "TestSameKeySameMessage"}, why: "another message under the same key is taken for a repetition, and dropped"},
		{file: outbox, old: `r.Thread.Turns >= thread.MaxTurns`, new: `r.Thread.Turns >= 1<<20`, tests: []string{sys + "TestBotThatAnswersItself_Row38"}, why: "a bot that answers itself never stops"},
		{file: outbox, old: `if why := t.Refuses(r.Outbound.Priority == events.Bulk); why != "" {`, new: `if why := t.Refuses(r.Outbound.Priority == events.Bulk); why == "never" {`, tests: []string{sys + "TestOptedOut"}, why: "who wants no message gets one"},
		{file: outbox, old: `if _, open := t.Open(now); open {`, new: `if _, open := t.Open(now); open || ok {`, tests: []string{sys + "TestClosedWindow"}, why: "a closed window is the platform's to refuse"},
		{file: outbox, old: `!k.NotAfter.IsZero() && now.After(k.NotAfter)`, new: `k.NotAfter.IsZero() && now.After(k.NotAfter.Add(1<<62))`, tests: []string{sys + "TestNotAfter"}, why: "what is stale is accepted"},
		{file: outbox, old: `if r.Thread.Heard.IsZero() && r.Outbound.To.Identity != nil {`, new: `if r.Thread.Heard.IsZero() && r.Outbound.To.Identity == nil {`,
			tests: []string{"functions/http/api TestSendToAnybody", sys + "TestInAppBrandBegins"}, why: "nobody knows who the conversation is with that the brand began"},
		{file: outbox, old: `if k := r.Outbound.Constraints; k != nil && k.NotBefore.After(m.Created) {`, new: `if k := r.Outbound.Constraints; k != nil && m.ID == "" {`,
			tests: []string{sys + "TestPatienceBeginsWhenDue|TestRingBeforeItsTime"}, why: "a message for later is old when it is due"},
		{file: outbox, old: `if r.Outbound.Priority == events.Bulk {`, new: `if r.Outbound.Priority == events.Bulk && id == "" {`, tests: []string{sys + "TestCampaignLeavesRoom"}, why: "answers wait behind a campaign"},

		// The call.
		{file: step, old: `m, err := s.advance(ctx, m)
	if err != nil {
		return m, err
	}
	a.env.Now`, new: `a.env.Now`, tests: []string{sys + "TestTwoSenders"}, why: "the call is made before it is recorded"},
		{file: step, old: `case called && now.Before(m.Progress.Lease):`, new: `case called && now.Before(m.Progress.Lease) && m.ID == "":`, tests: []string{sys + "TestTwoSenders"},
			why: "a second sender takes a call that is under way for lost"},
		{file: step, old: `if called {`, new: `if called && m.ID == "" {`, tests: []string{sys + "TestSenderDiedInItsCall_Row28"}, why: "a call whose sender died is made again"},
		{file: step, old: `if p.Doubt {`, new: `if p.Doubt && p.Done > 1<<20 {`, tests: []string{sys + "TestRefusedAfterUnknown"}, why: "what may have been said is told to have failed"},
		{file: step, old: `if m.Progress.Answered { // a`, new: `if m.Progress.Answered && m.ID == "" { // a`, tests: []string{sys + "TestReplyOfUnknownOutcome"}, why: "a reply that may have been said is said again"},
		{file: step, old: `errors.As(err, &e) && !e.Unknown ||`, new: `errors.As(err, &e) ||`, tests: []string{sys + "TestUnknownOutcome"}, why: "a platform that failed in the middle is taken for one that refused"},
		{file: step, old: `case m.Lane.Waits() && now.Before(due):`, new: `case m.Lane.Waits() && now.Before(due) && m.ID == "":`, tests: []string{sys + "TestRingBeforeItsTime"}, why: "whoever rings early has it said early"},
		{file: step, old: `return now.After(a.due.Add(giveUp))`, new: `return false`, tests: []string{sys + "TestGivingUp"}, why: "nobody is told that a message was never said"},
		{file: step, old: `return now.After(a.due.Add(giveUpAuth))`, new: `return false`, tests: []string{sys + "TestRefusedAccountIsTold"}, why: "nobody is told that a message waits for ever"},
		{file: step, old: `if e.Class == events.ClassRate {`, new: `if e.Class == "" {`, tests: []string{sys + "TestRetryAfterHoldsTheAccount"}, why: "the account goes on while the platform says wait"},
		{file: step, old: `wait := max(e.RetryAfter, patience`, new: `wait := max(0, patience`, tests: []string{sys + "TestRetryAfterHoldsTheAccount"}, why: "the platform's wish for how long to wait is not heard"},
		{file: step, old: `if err != nil || there {`, new: `if err != nil || !there {`, tests: []string{sys + "TestHold"}, why: "a part overtakes the one before"},
		{file: step, old: `a.out.Bulk || m.Progress.Answered ||`, new: `a.out.Bulk ||`, tests: []string{sys + "TestStaleHandle"}, why: "a stale handle is tried again and again"},
		{file: step, old: `if e := s.Outbox.Allowed(r, a.thread, m.Progress.Done, now); e != nil {`, new: `if e := s.Outbox.Allowed(r, a.thread, m.Progress.Done, now); e != nil && m.ID == "" {`,
			tests: []string{sys + "TestWindowIsCheckedAtTheCall|TestOptedOut"}, why: "who opted out while the message waited gets it"},
		{file: step, old: `if end, bounded := ctx.Deadline(); bounded && end.Sub(s.Now()) < callTime {`, new: `if end, bounded := ctx.Deadline(); bounded && end.IsZero() {`,
			tests: []string{sys + "TestNoCallWithoutTime"}, why: "a call is begun that the function cannot end"},
		{file: sender, old: `if !ok || lane.Queue() != s.Serves {`, new: `if !ok {`, tests: []string{sys + "TestNoMistakeConsumesEvents"}, why: "the sender empties lanes of files"},
		{file: sender, old: `if err := s.tell(ctx, outcome(m, r, s.Now())); err != nil {`, new: `if err := s.tell(ctx, outcome(m, r, s.Now())); err != nil && m.ID == "" {`,
			tests: []string{sys + "TestOutcomeIsTold"}, why: "what became of a message is told to nobody while the table refuses it"},
		{file: sender, old: `if errors.Is(err, store.ErrConflict) {`, new: `if errors.Is(err, store.ErrCursor) {`, tests: []string{sys + "TestTwoSenders"}, why: "a lost race between senders is an error"},
		{file: "functions/workers/sender/account.go", old: `limits[0].Keep = limits[0].Burst / replyShare`, new: `limits[0].Keep = 0`, tests: []string{sys + "TestCampaignLeavesTokens"},
			why: "a campaign leaves no token to answers"},
		{file: "functions/workers/sender/account.go", old: `if now := s.Now(); pause.Until.After(now) {`, new: `if now := s.Now(); pause.Until.After(now.Add(1 << 62)) {`, tests: []string{sys + "TestExpiredToken|TestRetryAfterHoldsTheAccount"},
			why: "a paused account goes on"},

		// Files of customers.
		{file: media, old: `case active(seen), active(claim) && generic:`, new: `case active(claim) && generic:`, tests: []string{"functions/workers/media TestSniff"}, why: "a picture that is a page is served as one"},
		{file: media, old: `if told || err != nil {`, new: `if err != nil {`, tests: []string{sys + "TestMediaIsCopiedOnce"}, why: "a file is copied and told again"},
	}
}
