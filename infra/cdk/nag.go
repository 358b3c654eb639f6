package main

import (
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/names"
)

// A suppression is a finding of cdk-nag that is not followed: why, and the test
// that would fail if the reason were no longer true.
type suppression struct {
	rule, reason, evidence string
	appliesTo              []string // findings of this rule; none means all
}

func suppress(c constructs.IConstruct, list ...suppression) {
	var out []*cdknag.NagPackSuppression
	for _, s := range list {
		n := &cdknag.NagPackSuppression{Id: jsii.String(s.rule), Reason: jsii.String(s.reason + ". Evidence: " + s.evidence)}
		if len(s.appliesTo) > 0 {
			var findings []any
			for _, f := range s.appliesTo {
				findings = append(findings, f)
			}
			n.AppliesTo = &findings
		}
		out = append(out, n)
	}
	cdknag.NagSuppressions_AddResourceSuppressions(c, &out, jsii.Bool(true))
}

// suppressWildcards names every * of a role, so that another one is a finding.
func suppressWildcards(role constructs.IConstruct, s topology.System, f topology.Function) {
	const rule, evidence = "AwsSolutions-IAM5", "infra/cdk/privilege_test.go TestLeastPrivilege"
	suppress(role, suppression{rule, "the streams of the function's own log group have names that Lambda chooses",
		evidence,
		[]string{"Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:" + logGroup(s.Stage,
			f.Name) + ":*"}})
	for _, g := range f.Grants {
		switch g.On {
		case topology.OnSecrets:
			suppress(role, suppression{rule,
				"accounts are connected while the system runs, each with a secret below its channel's prefix", evidence,
				[]string{"Resource::arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:" + names.SecretPrefix(s.Stage, g.Arg) + "*"}})
		case topology.OnSockets:
			suppress(role, suppression{rule, "connections are opened by customers, with ids that API Gateway chooses", evidence,
				[]string{"Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<" + socketAPI + ">/" + socketStage + "/*/@connections/*"}})
		case topology.OnWidget:
			suppress(role, suppression{rule, "the bucket holds the widget and nothing else", evidence,
				[]string{"Resource::arn:<AWS::Partition>:s3:::<" + widgetBucket + ">/*"}})
		case topology.OnObjects:
			suppress(role, suppression{rule, "object keys are made from event ids; the prefix holds nothing else", evidence,
				[]string{"Resource::arn:<AWS::Partition>:s3:::<" + bucketParameter + ">/" + g.Arg + "*"}})
		}
	}
}
