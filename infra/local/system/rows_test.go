package system_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A row is a failure or a threat that the design names, and the tests that show what
// becomes of it. A row without tests says what it waits for.
type row struct {
	name  string
	tests []string // "folder TestName", the folder from the project's root
	waits string   // the issue, the document or the reason why there is no test
}

// sys is the folder of most tests: the whole system in one process.
const sys = "infra/local/system "

// failures are what may happen to a running system.
var failures = []row{
	{"1 crash before put", []string{sys + "TestEveryCallEveryFault"}, ""},
	{"2 crash after put, before ring", []string{sys + "TestEveryCallEveryFault"}, ""},
	{"3 put applied, response lost", []string{sys + "TestEveryCallEveryFault"}, ""},
	{"4 ring applied, response lost", []string{sys + "TestEveryCallEveryFault"}, ""},
	{"5 ring fails", []string{sys + "TestEveryCallEveryFault", sys + "TestRingLost_Row5",
		"functions/http/api TestRingIsNoPromise"}, ""},
	{"6 crash after ring, before the answer", []string{sys + "TestEveryCallEveryFault"}, ""},
	{"7 repeated after minutes or days", []string{sys + "TestReplay_Row7"}, ""},
	{"8 time-out anywhere", []string{sys + "TestPairsOfCrashes", "infra/local TestKilledAtAnyMoment"}, ""},
	{"9 the same webhook at once", []string{sys + "TestFiftyAtOnce"}, ""},
	{"10 table throttled at ingress", []string{sys + "TestTableDown"}, ""},
	{"11 table down for hours", []string{sys + "TestTableDown", sys + "TestOutageIsNoPoison"}, ""},
	{"12 both stores down", []string{sys + "TestBothStoresDown_Row12", sys + "TestLogsTellNothingPrivate",
		sys + "TestEveryCallEveryFault"}, ""},
	{"13 poison event", []string{sys + "TestUnparseableGoesToQuarantine", sys + "TestParserCrash"},
		"its replay: issue \"The first hour\""},
	{"14 crash-looping event", []string{sys + "TestCrashLoop_Row14"}, ""},
	{"15 partial batch failure", []string{"shared/queue TestBatchKeepsOrderInAGroup"}, ""},
	{"16 malformed batch response", []string{"shared/queue TestBatchAnswer"}, ""},
	{"17 router crash before the transaction", []string{sys + "TestEveryCallEveryFault"}, ""},
	{"18 crash after the transaction, before forward", []string{sys + "TestEveryCallEveryFault"}, ""},
	{"19 forward applied, response lost", []string{sys + "TestEveryCallEveryFault",
		sys + "TestForwardedTwiceIsOne_Row19"}, ""},
	{"20 crash between two destinations", []string{sys + "TestEveryCallEveryFault"}, ""},
	{"21 two routers on one conversation", []string{sys + "TestTwoRouters"}, ""},
	{"22 webhooks out of order", []string{sys + "TestPendingTogetherFollowTheChannel",
		"shared/store TestLateByTheChannelsCount"}, ""},
	{"23 status before message, read before delivered", []string{sys + "TestReceiptsBeforeTheAnswer",
		sys + "TestReceiptsOnlyMoveUp"}, ""},
	{"24 clock skew", []string{sys + "TestClocksDifferInbound_Row24", sys + "TestClocksDifferAtSenders_Row24",
		sys + "TestClocksDifferOutbound_Row24", sys + "TestClockSetBack"}, ""},
	{"25 secret rotated while live", []string{sys + "TestRotationIsNoticed",
		"shared/secret TestPreviousWithinGrace"}, ""},
	{"26 outbound 429", []string{sys + "TestRetryAfterHoldsTheAccount", sys + "TestRates"}, ""},
	{"27 outbound 5xx, time-out", []string{sys + "TestUnknownOutcome", sys + "TestEchoOfTheUnknown"}, ""},
	{"28 crash while sending", []string{sys + "TestEveryCallOfSending", sys + "TestSenderDiedInItsCall_Row28"}, ""},
	{"29 token expired", []string{sys + "TestTokenIsRenewedOnce", sys + "TestTokenIsMintedByOne",
		sys + "TestExpiredToken"}, ""},
	{"30 media URL expired", []string{sys + "TestMediaThatCannotBeHad"}, ""},
	{"31 redrive, replay", nil, "issue \"The first hour\""},
	{"32 destination queue deleted or denied", []string{sys + "TestDestinationsAreBulkheads"}, ""},
	{"33 stuck message group", []string{sys + "TestFailedDrainComesBackByItself",
		"shared/stage/awsfake/sqs TestDeadLetterUnlocksGroup"}, ""},
	{"34 hot conversation", []string{sys + "TestFloodOfOneConversation_Row34", sys + "TestFloodOfOneLane"}, ""},
	{"35 huge batch", []string{sys + "TestLargeBatch", sys + "TestLargeBatchesThatBeginAlike"}, ""},
	{"36 ingress burst", []string{"infra/cdk TestReserved"}, ""},
	{"37 stale WebSocket", []string{sys + "TestInAppStaleConnection", sys + "TestInAppResume"}, ""},
	{"38 loop guard of Lambda", []string{sys + "TestLoopsAreOurs_Row38", sys + "TestRingOnFollowsWork_Row38",
		sys + "TestBotOfTwentySteps_Row38", sys + "TestBotThatAnswersItself_Row38"}, ""},
	{"39 deployment mid-flight", nil, "a test that reads documents of the release before"},
	{"40 region loss", nil, "infra/RUNBOOK.md; one region"},
	{"41 table restored to an old point", nil, "a floor of sequences outside the table"},
}

// threats are what somebody may try.
var threats = []row{
	{"forged webhook", []string{sys + "TestRefusals", sys + "TestNoUsableSecret", "shared/stage/exam TestMutants"}, ""},
	{"signature over other bytes, rebuilt URL", []string{"shared/stage/exam TestMutants",
		"functions/channels/sms TestVerify"}, ""},
	{"base64 body flag", []string{"shared/lambdahttp TestRoundTrip", "shared/lambdahttp TestRequestLimits"}, ""},
	{"header smuggling", []string{"shared/signature TestHMAC",
		"functions/channels/internal/meta TestVerifyRefusesTwoHeaders"}, ""},
	{"timing", []string{"functions TestComparisonsTakeConstantTime"}, ""},
	{"replay", []string{"shared/signature TestFresh", sys + "TestReplay_Row7"}, ""},
	{"algorithms, audiences and sizes of tokens", []string{"functions TestHugeProofs",
		"functions/channels/internal/google TestVerify",
		"functions/channels/inapp TestKeySets", "functions/channels/inapp TestSessions"}, ""},
	{"key documents", []string{"shared/webhook TestKeysAreAskedForOnce", "shared/webhook TestKeysOfStrangers",
		sys + "TestKeysThatCannotBeHad"}, ""},
	{"XML bombs", []string{"functions/channels/internal/tencent TestParseRefuses"}, ""},
	{"JSON said twice", []string{"functions/channels/internal/aws TestRepeatedMembersAreRefused",
		"functions/channels/custom TestWhatIsSaidTwiceIsNotBelieved"}, ""},
	{"JSON memory", []string{"functions TestMemoryAtTheCap", sys + "TestTooManyEvents"}, ""},
	{"gzip bomb", []string{"functions/channels/apple TestBodies"}, ""},
	{"private addresses", []string{"shared/outhttp TestPrivateAddresses", "shared/outhttp TestRebinding",
		"shared/outhttp TestRedirects"}, ""},
	{"secret leakage, PII in logs", []string{sys + "TestLogsTellNothingPrivate", sys + "TestCanaries"}, ""},
	{"isolation of accounts", nil, "a property of two accounts with markers"},
	{"foreign ids", []string{"functions/http/api TestForeignIDs"}, ""},
	{"WebSocket access", []string{sys + "TestInAppTickets", sys + "TestInAppTicketTwiceAtOnce",
		sys + "TestInAppOrigins", sys + "TestInAppLogout"}, ""},
	{"too broad permissions", []string{"infra/cdk TestLeastPrivilege", "infra/cdk TestWebhooksReadNothing"}, ""},
	{"data at rest", []string{"infra/cdk TestKey"}, ""},
	{"queue policy for consumers", []string{"infra/cdk TestConsumers"}, ""},
	{"flooding, bought calls", []string{"shared/secret TestGuesses", "shared/secret TestGuessesAgain",
		sys + "TestInAppTooFast"}, ""},
	{"challenge reflection", []string{"functions/channels/internal/meta TestHandshake",
		"functions/channels/x TestCheckIsNoSigningOracle"}, ""},
	{"known holes in dependencies", nil, "the gate, not a test"},
	{"text that acts on bots", []string{"shared/channel TestNames"}, ""},
	{"HTML in the inbox", []string{"infra/cdk TestWidgetHeaders", "infra/local TestPage"}, ""},
	{"media abuse", []string{sys + "TestMediaThatCannotBeHad", sys + "TestInAppUpload",
		"functions/workers/media TestSniff"}, ""},
	{"erasure and export", nil, "issue \"People\""},
	{"data-deletion callback", nil, "issue \"People\""},
	{"audit trail", []string{"functions/http/api TestAudit", "functions/http/api TestAuditPages",
		"functions/http/api TestAuditFails", "shared/store TestAuditDay", "shared/store TestAuditOfLargeRecords",
		"shared/store TestAuditCursors", "shared/store TestAuditIsForgotten", sys + "TestAuditIsNotTheAPIsToChange"}, ""},
	{"hostile rule", []string{"shared/route TestCostIsBounded"}, ""},
	{"our own signatures", []string{"functions/channels/custom TestLibraryVerifiesWhatWeSend",
		"functions/channels/custom TestVectorOfThePrivateKey"}, ""},
}

// TestEveryRowHasATest: each row names tests that exist, or what it waits for.
func TestEveryRowHasATest(t *testing.T) {
	exist := map[string][]string{}
	for i, x := range slices.Concat(failures, threats) {
		if i < len(failures) && !strings.HasPrefix(x.name, rowNumber(i)) {
			t.Errorf("row %q stands in the place of %s", x.name, rowNumber(i))
		}
		if len(x.tests) == 0 && x.waits == "" {
			t.Errorf("row %q has no test, and does not say why", x.name)
		}
		for _, test := range x.tests {
			folder, name, _ := strings.Cut(test, " ")
			if _, ok := exist[folder]; !ok {
				exist[folder] = testsIn(t, filepath.Join("../../..", folder))
			}
			if !slices.Contains(exist[folder], name) {
				t.Errorf("row %q names %s of %s, which does not exist", x.name, name, folder)
			}
		}
	}
	if len(failures) != 41 {
		t.Errorf("%d failures, want 41", len(failures))
	}
}

func rowNumber(i int) string { return strconv.Itoa(i+1) + " " }

// testsIn are the test functions of a folder.
func testsIn(t *testing.T, folder string) (list []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") {
				list = append(list, fn.Name.Name)
			}
		}
	}
	return list
}
