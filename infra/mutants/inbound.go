package main

// sys is the folder of most tests: the whole system in one process.
const sys = "infra/local/system "

// twiceLocked is why the condition on blocked destinations has no test of its own.
const twiceLocked = "it is a second lock: an event is parked by whoever numbered it or read it numbered, and the condition on the number fails " +
	"for every other router that read the conversation before"

// inbound are the mutants of the way from a webhook to the destinations.
func inbound() []mutant {
	const (
		commit  = "shared/webhook/commit.go"
		hook    = "shared/webhook/webhook.go"
		parse   = "shared/webhook/parse.go"
		table   = "shared/store/store.go"
		item    = "shared/store/item.go"
		mailbox = "shared/store/mailbox.go"
		batch   = "shared/queue/batch.go"
		queue   = "shared/queue/queue.go"
		ring    = "shared/queue/ring.go"
		router  = "functions/workers/router/router.go"
		drain   = "functions/workers/router/drain.go"
		sweeper = "functions/workers/sweeper/sweeper.go"
		drainer = "functions/workers/drainer/drainer.go"
	)
	return []mutant{
		// What is answered with 200 is stored.
		{file: commit, old: `lost = append(lost, it)`, new: `_ = it`, tests: []string{sys + "TestTableDown"},
			why: "what the table refuses is not spilled"},
		{file: commit, old: `if err := h.spillEach(ctx, lost); err != nil {`, new: `if err := h.spillEach(ctx, lost); err != nil && len(lost) > 1 {`,
			tests: []string{sys + "TestBothStoresDown_Row12"}, why: "200 while neither the table nor the queue took the event"},
		{file: commit, old: `queue.Rings(items, outcomes)`, new: `queue.Rings(nil, nil)`, tests: []string{sys + "TestMessageReachesItsDestinations"},
			why: "nobody rings for what is stored"},
		{file: hook, old: `evs = []events.Event{h.quarantine(a, r, err)}`, new: `h.quarantine(a, r, err)`, tests: []string{sys + "TestUnparseableGoesToQuarantine"},
			why: "what cannot be parsed is forgotten"},
		{file: hook, old: `		return err == nil
	})`, new: `		return true
	})`, tests: []string{sys + "TestReceiptThatIsNotNoted"}, why: "a receipt that the table refuses is dropped"},
		{file: hook, old: `if refusal == nil {`, new: `if refusal == nil || a.ID != "" {`, tests: []string{sys + "TestRefusals"}, why: "no signature is needed"},
		{file: hook, old: `if name, missing := h.Channel.Missing(account); missing {`, new: `if name, missing := h.Channel.Missing(account); missing && name == "" {`,
			tests: []string{sys + "TestNoUsableSecret"}, why: "an account without a secret is verified with none"},
		{file: parse, old: `if crash := recover(); crash != nil {`, new: `if crash := any(nil); crash != nil {`, tests: []string{sys + "TestParserCrash"},
			why: "a crashing parser ends the function"},
		{file: parse, old: `evs, err = nil, errors.New("parse: crashed")`, new: `evs, err = nil, errors.Join()`, tests: []string{sys + "TestParserCrash"},
			why: "a crashing parser is an empty webhook"},
		{file: parse, old: `if exceeds(r.Body, MaxValues) {`, new: `if exceeds(r.Body, len(r.Body)) {`, tests: []string{"functions TestMemoryAtTheCap"},
			why: "JSON of a million values is decoded"},
		{file: "shared/webhook/keys.go", old: `if d.text == nil && !k.mayAsk() {`, new: `if false {`, tests: []string{"shared/webhook TestKeysOfStrangers"},
			why: "strangers make us ask any address, as often as they like"},
		{file: "shared/webhook/keys.go", old: `case d.text != nil && old < keysMaxAge:`, new: `case d.text != nil:`, tests: []string{"shared/webhook TestKeysGrowOld"},
			why: "withdrawn keys are believed while their host is down"},
		{file: "shared/mailbox/mailbox.go", old: `if err := e.Validate(); err != nil {`, new: `if err := e.Validate(); err != nil && place < 0 {`,
			tests: []string{"shared/mailbox TestInvalidIsNotPut"}, why: "we say what our own schema forbids"},
		{file: "shared/mailbox/mailbox.go", old: `queue.Ring(e.Subject, e.ID)`, new: `queue.Ring(e.Subject, e.Subject)`, tests: []string{sys + "TestMediaIsCopied"},
			why: "the second ring of five minutes is dropped as a repetition"},

		// The table.
		{file: table, old: `ConditionExpression:                 aws.String("attribute_not_exists(c)"),`, new: ``,
			tests: []string{sys + "TestSameWebhookThreeTimesIsOneEvent"}, why: "a repetition replaces the event, which loses its sequence"},
		{file: table, old: `return Refused, fmt.Errorf("commit event: %w", err)`, new: `return Committed, nil`, tests: []string{sys + "TestTableDown"},
			why: "what DynamoDB refused counts as stored"},
		{file: table, old: `if _, pending := exists.Item["o"]; pending {`, new: `if _, pending := exists.Item["o"]; !pending {`,
			tests: []string{sys + "TestRepetitionRingsAgain"}, why: "a repetition does not ring for what is unfinished"},
		{file: table, old: `body["b"], body["d"] = text(Bucket(it.Conversation))`, new: `body["b"], body["d"] = text("none")`, tests: []string{sys + "TestRingLost_Row5"},
			why: "the sweeper finds no event"},
		{file: table, old: `if e != nil {`, new: `if e != nil && len(errs) < 2 {`, tests: []string{sys + "TestSpilledBatchSurvives"},
			why: "a spilled batch is deleted though the table refused part of it"},
		{file: table, old: `if len(it.Body) > maxInline {`, new: `if len(it.Body) > 1<<40 {`, tests: []string{sys + "TestFinishedBodiesMayGo"}, why: "large events fit no item"},
		{file: "shared/store/object.go", old: `if err != nil {
		return "", fmt.Errorf("store large event: %w", err)
	}`, new: ``, tests: []string{sys + "TestEveryLargeBodyIsStored"}, why: "200 for a large event whose body is nowhere"},
		{file: item, old: `const maxSkew = 5 * time.Minute`, new: `const maxSkew = 5 * time.Hour`, tests: []string{"shared/store TestOrderIsTheChannels"},
			why: "a time from the future stands behind all that comes for hours"},
		{file: item, old: `max(at.UnixMilli(), 0), e.Rank,`, new: `max(at.UnixMilli(), 0), e.Rank*0,`, tests: []string{"shared/store TestOrderIsTheChannels"},
			why: "what has the same time loses the channel's order"},
		{file: item, old: `cmp.Compare(a.Order, b.Order), cmp`, new: `cmp`, tests: []string{sys + "TestPendingTogetherFollowTheChannel"}, why: "what waits is not sorted"},
		{file: item, old: `return cmp.Compare(b.Sequence, a.Sequence)`, new: `return cmp.Compare(a.Sequence, b.Sequence)`, tests: []string{sys + "TestNumberedComesFirst"},
			why: "what has no sequence yet overtakes what has one"},
		{file: item, old: `< s.Newest[:min`, new: `> s.Newest[:min`, tests: []string{"shared/store TestLateByTheChannelsCount"}, why: "late is not said"},
		{file: mailbox, old: `condition = "n = :old"`, new: `condition = "n >= :old"`, tests: []string{sys + "TestTwoRouters"}, why: "two routers give the same sequence"},
		{file: mailbox, old: `return condition + " AND attribute_not_exists(u)"`, new: `return condition`, tests: []string{sys + "TestTwoRouters|TestTwoBlockedDestinations|TestBacklogComesWithTheNextSweep"},
			why: "a router passes an event that another has just parked", survives: twiceLocked},
		{file: mailbox, old: `return condition + " AND u = :was"`, new: `return condition + " AND (u = :was OR attribute_exists(c))"`, tests: []string{sys + "TestTwoRouters|TestTwoBlockedDestinations|TestBacklogComesWithTheNextSweep"},
			why: "a router overwrites what another knows of destinations that refuse", survives: twiceLocked},
		{file: mailbox, old: `max(s.Newest, it.Order)`, new: `it.Order`, tests: []string{sys + "TestLateStaysLate"}, why: "after one late event, late ones are not told any more"},
		{file: mailbox, old: `GetItemInput{TableName: &t.name, ConsistentRead: aws.Bool(true),`, new: `GetItemInput{TableName: &t.name,`,
			tests: []string{sys + "TestStaleReads"}, why: "the state is read as it was"},
		{file: mailbox, old: `ConsistentRead: aws.Bool(true), Limit: aws.Int32(int32(limit)),`, new: `Limit: aws.Int32(int32(limit)),`,
			tests: []string{sys + "TestStaleReads"}, why: "a ring comes before what it rings for"},
		{file: mailbox, old: `if len(destinations) == len(it.Destinations) {`, new: `if len(destinations) > 0 {`, tests: []string{sys + "TestTwoBlockedDestinations"},
			why: "one destination's answer finishes the event for all"},
		{file: mailbox, old: `if _, owed := out.Attributes["f"]; owed {`, new: `if _, owed := out.Attributes["c"]; owed {`, tests: []string{sys + "TestTwoRoutersServeOneEach"},
			why: "nobody finishes what two routers served together"},
		{file: mailbox, old: `SET x = :x REMOVE o, b, d, f, w, a`, new: `SET x = :x REMOVE b, d, f, w, a`, tests: []string{sys + "TestTwoBlockedDestinations"},
			why: "what is finished stays pending"},
		{file: mailbox, old: `number(it.Received.Add(t.retention).Unix())`, new: `number(it.Received.Unix())`, tests: []string{sys + "TestReplay_Row7"},
			why: "repetitions are known for no time"},
		{file: mailbox, old: `if _, known := blocked[d]; !known {`, new: `if _, known := blocked[d]; !known || known {`,
			tests: []string{sys + "TestTwoBlockedDestinations|TestBlockedDestinationCostsTheSame"}, why: "what was parked first is not owed any more"},
		{file: mailbox, old: `if len(served) > 0 {`, new: `if len(served) > 1<<20 {`, tests: []string{sys + "TestDestinationsAreBulkheads|TestTwoBlockedDestinations"},
			why: "a parked event forgets who has had it"},
		{file: mailbox, old: `text(blockedDoc(blocked)), text(Bucket(conversation)), number(since)`, new: `text(blockedDoc(blocked)), text("none"), number(since)`,
			tests: []string{sys + "TestBacklogComesWithTheNextSweep"}, why: "the sweeper finds no destination that refuses"},
		{file: mailbox, old: `attrs{":from": text(firstOrder)})
	sortPending`, new: `attrs{":from": text(parkedMark)})
	sortPending`, tests: []string{sys + "TestBlockedDestinationCostsTheSame"}, why: "each turn reads all that is parked"},
		{file: mailbox, old: `":less": number(-1)`, new: `":less": number(0)`, tests: []string{sys + "TestOutageIsNoPoison"}, why: "an outage sets events aside as poison"},
		{file: "shared/store/transact.go", old: `aws.ToString(r.Code) == "ConditionalCheckFailed"`, new: `aws.ToString(r.Code) == "Conflict"`,
			tests: []string{sys + "TestTwoRouters"}, why: "a lost race is an error, and no reason to read again"},
		{file: "shared/store/transact.go", old: `case "", "None", "TransactionConflict",`, new: `case "", "None",`, tests: []string{sys + "TestConflictsAreTriedAgain"},
			why: "two transactions that meet fail the turn"},

		// Rings and batches.
		{file: ring, old: `	d.DisallowUnknownFields()
`, new: ``, tests: []string{sys + "TestNoMistakeConsumesEvents"}, why: "a request with a ring in it is a ring, and not told to be wrong"},
		{file: ring, old: ` || r.Ring == "" || d.More()`, new: ` || d.More()`, tests: []string{sys + "TestNoMistakeConsumesEvents"}, why: "a ring for nothing"},
		{file: ring, old: `return again(Ring(partition, "on"), now)`, new: `return Ring(partition, "on")`, tests: []string{"shared/queue TestRingOnIsNoRepetition"},
			why: "the second turn's ring is dropped as a repetition"},
		{file: ring, old: `again(Ring(d.Conversation, d.ID), now)`, new: `Ring(d.Conversation, d.ID)`, tests: []string{"shared/queue TestRingsAgainAreNoRepetitions"},
			why: "the sweeper's ring is dropped as a repetition"},
		{file: ring, old: `|| outcomes[i] == store.Done`, new: ``, tests: []string{sys + "TestCalls"}, why: "what is done is rung for"},
		{file: ring, old: `case isNew && !fresh[it.Conversation]:`, new: `case isNew && fresh[it.Conversation]:`, tests: []string{"shared/queue TestRings"},
			why: "the ring for a new event is dropped as a repetition of an old one's"},
		{file: ring, old: `ids.Write([]byte(it.ID))`, new: `ids.Write([]byte(it.ID)[:4])`, tests: []string{sys + "TestLargeBatchesThatBeginAlike"},
			why: "another batch is dropped as a repetition"},
		{file: batch, old: `failed = ms[min(done, len(ms)):]`, new: `failed = ms[min(done+1, len(ms)):]`, tests: []string{"shared/queue TestBatchKeepsOrderInAGroup"},
			why: "a failed message is deleted"},
		{file: batch, old: `if crash := recover(); crash != nil {`, new: `if crash := any(nil); crash != nil {`, tests: []string{"shared/queue TestBatchAnswer|TestBatchKeepsOrderInAGroup"},
			why: "one crash fails the batch's other groups"},
		{file: batch, old: `now.Add(need+reserve).After(g.end)`, new: `now.After(g.end)`, tests: []string{"shared/queue TestTurns"}, why: "what cannot end in time is begun"},
		{file: batch, old: `!g.turn.IsZero() && now.After(g.turn) || !g`, new: `!g`, tests: []string{"shared/queue TestTurns"}, why: "a busy conversation keeps its batch waiting"},
		{file: batch, old: `if n > len(backoff) {`, new: `if n > 0 {`, tests: []string{sys + "TestTransientErrorCostsSeconds"}, why: "each error stalls a conversation for a visibility timeout"},
		{file: queue, old: `err = errors.Join(err, fmt.Errorf("send: %s", aws.ToString(f.Code)))`, new: `_ = f`, tests: []string{"shared/queue TestSendAllNamesWhatFailed"},
			why: "a batch that was refused in part is taken for sent"},
		{file: queue, old: `return noCharacters.Replace(body)`, new: `return body`, tests: []string{sys + "TestNoCharacters"}, why: "SQS refuses a text for ever"},
		{file: queue, old: `"Kms", "KMS", `, new: ``, tests: []string{sys + "TestNoMistakeConsumesEvents|TestTwoBlockedDestinations"}, why: "what a key refuses for an hour is set aside for ever"},
		{file: queue, old: ` || answered.HTTPStatusCode()/100 != 4 {`, new: ` {`, tests: []string{sys + "TestDestinationsAreBulkheads|TestTwoRoutersServeOneEach|TestPermanentRefusal"},
			why: "what SQS cannot take now is set aside for ever"},

		// The router.
		{file: drain, old: `if err := d.owed(ctx); err != nil {`, new: `if err := error(nil); err != nil {`, tests: []string{sys + "TestBacklogComesWithTheNextSweep"},
			why: "what a destination is owed never comes"},
		{file: drain, old: `if _, blocked := d.state.Blocked[to]; blocked {`, new: `if _, blocked := d.state.Blocked[to]; blocked && to == "" {`,
			tests: []string{sys + "TestRefusalKeepsOrder"}, why: "a destination gets the next event before the one that it refused"},
		{file: drain, old: `		if !more {
			return 0, oldest, nil`, new: `		if !more || true {
			return 0, oldest, nil`, tests: []string{sys + "TestTwoBlockedDestinations"}, why: "after the first event that is owed, the rest is forgotten"},
		{file: drain, old: `d.Table.Served(ctx, it, []string{to})`, new: `d.Table.Served(ctx, it, it.Destinations)`, tests: []string{sys + "TestTwoBlockedDestinations"},
			why: "the first destination that comes back finishes the event for all"},
		{file: drain, old: `return slices.Insert(items, 0, last), nil`, new: `return items, nil`, tests: []string{sys + "TestLastComesFirst"},
			why: "what was numbered last waits behind a hundred that come after it"},
		{file: drain, old: `n > soloAttempts`, new: `n > 1<<20`, tests: []string{sys + "TestCrashLoop_Row14"}, why: "an event that crashes the router holds its conversation up for ever"},
		{file: drain, old: `if d.began && d.group.Over(step) {
			return errTurn`, new: `if d.group.Over(step) {
			return errTurn`, tests: []string{sys + "TestEachTurnDoesSomething"}, why: "a function without time rings on for ever"},
		{file: router, old: `return r.Source.Send(ctx, queue.RingOn(g.Name, r.Now()))`, new: `return nil`, tests: []string{sys + "TestTurnsGoOn"}, why: "after a turn nobody goes on"},
		{file: router, old: `ring && partition == g.Name && events`, new: `ring && events`, tests: []string{sys + "TestNoMistakeConsumesEvents"},
			why: "a ring on another conversation's group is taken for one of ours, and dropped"},
		{file: router, old: `if errors.Is(err, store.ErrNoBody) {`, new: `if errors.Is(err, store.ErrConflict) {`, tests: []string{sys + "TestMissingBody"},
			why: "a body that is gone holds its conversation up for ever"},
		{file: router, old: `Dedup: it.ID + ":" + destination`, new: `Dedup: it.ID + time.Now().String()`, tests: []string{sys + "TestForwardedTwiceIsOne_Row19"},
			why: "a repeated forward is delivered twice"},
		{file: router, old: `if len(body) > maxMessage {`, new: `if len(body) > 1<<40 {`, tests: []string{sys + "TestTooLargeForAQueue"}, why: "what no queue takes holds its conversation up"},
		{file: router, old: `instead.Sequence, instead.Late, instead.Ruleset = e.Sequence, e.Late, e.Ruleset`, new: ``, tests: []string{sys + "TestPermanentRefusal"},
			why: "a gap in the sequence that nothing declares"},
		{file: router, old: `Late: it.LateAfter(state)`, new: `Late: false`, tests: []string{sys + "TestLateStaysLate"}, why: "late is not said"},
		{file: router, old: `conflictRetries = 5`, new: `conflictRetries = 1`, tests: []string{sys + "TestTwoRouters"}, why: "a lost race waits for the next ring"},
		{file: "functions/workers/router/thread.go", old: `return linked.Message != "", err`, new: `return false, err`, tests: []string{sys + "TestOwnEcho"},
			why: "our own message is told twice"},

		// Sweeper and drainer.
		{file: sweeper, old: `s.sweep(ctx, store.LaneBuckets(), false, &report)`, new: `s.sweep(ctx, store.LaneBuckets(), held, &report)`, tests: []string{sys + "TestOneOverload"},
			why: "messages that are due wait for a queue of events"},
		{file: sweeper, old: `return d.At.After(now)`, new: `return d.At.Before(now.Add(-time.Hour))`, tests: []string{sys + "TestSweeperIsPatient"}, why: "each sweep rings for all that waits"},
		{file: sweeper, old: `if e := s.Table.Postpone(ctx, d, now); e != nil {`, new: `if e := error(nil); e != nil {`, tests: []string{sys + "TestSweeperIsPatient"},
			why: "each sweep rings again for what was rung for"},
		{file: drainer, old: `CommitAll(ctx, items)
	if err != nil {`, new: `CommitAll(ctx, items)
	if err != nil && len(items) > 1<<20 {`, tests: []string{sys + "TestTableDown"}, why: "what was spilled is deleted while the table refuses it"},
		{file: drainer, old: `return d.Source.Bury(ctx, r)`, new: `return nil`, tests: []string{sys + "TestSpillOfAStranger"}, why: "what is on the spill queue and cannot be read is gone"},
	}
}
