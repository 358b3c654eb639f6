package main

import (
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/names"
)

// stored is what the stateful stack chose the names of.
type stored struct{ key, bucket *string }

// newRole may do what the topology grants f, write f's own log, and use the key
// as far as those grants need it. The policy is a part of the role, so that no
// event source starts before its permissions are there.
func newRole(stack awscdk.Stack, s topology.System, f topology.Function, at stored) awsiam.Role {
	// The log group exists already: no logs:CreateLogGroup.
	statements := []awsiam.PolicyStatement{allow([]string{"logs:CreateLogStream", "logs:PutLogEvents"},
		arn("logs", "log-group:"+logGroup(s.Stage, f.Name)+":*"), nil)}
	for _, g := range f.Grants {
		statements = append(statements, allow(g.Actions, target(s, g, at), conditions(g)))
	}
	for _, u := range keyUses(f.Grants) {
		statements = append(statements, allow(u.actions, at.key,
			&map[string]any{"StringEquals": map[string]any{"kms:ViaService": sub(u.service + ".${AWS::Region}.amazonaws.com")}}))
	}
	role := awsiam.NewRole(stack, jsii.String("Role-"+f.Name), &awsiam.RoleProps{
		Description: jsii.String("Relais " + s.Stage + ": function " + f.Name),
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			"grants": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements})},
	})
	suppressWildcards(role, s, f)
	return role
}

func allow(actions []string, resource *string, conditions *map[string]any) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: jsii.Strings(actions...), Resources: &[]*string{resource}, Conditions: conditions})
}

// conditions narrow a grant to partitions of the table or to keys of the bucket.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
func conditions(g topology.Grant) *map[string]any {
	switch {
	case len(g.Keys) > 0:
		return &map[string]any{"ForAllValues:StringLike": map[string]any{"dynamodb:LeadingKeys": prefixes(g.Keys)}}
	case g.On == topology.OnBucket:
		return &map[string]any{"StringLike": map[string]any{"s3:prefix": prefixes([]string{g.Arg})}}
	}
	return nil
}

func prefixes(list []string) *[]*string {
	var out []*string
	for _, p := range list {
		out = append(out, jsii.String(p+"*"))
	}
	return &out
}

// target is a grant's resource.
func target(s topology.System, g topology.Grant, at stored) *string {
	switch g.On {
	case topology.OnTable:
		return arn("dynamodb", "table/"+names.Table(s.Stage))
	case topology.OnIndex:
		return arn("dynamodb", "table/"+names.Table(s.Stage)+"/index/"+g.Arg)
	case topology.OnQueue:
		return arn("sqs", names.Queue(s.Stage, g.Arg))
	case topology.OnSecrets:
		return arn("secretsmanager", "secret:"+names.SecretPrefix(s.Stage, g.Arg)+"*")
	case topology.OnLinkKey:
		return arn("secretsmanager", "secret:"+names.LinkKey(s.Stage)+"-??????")
	case topology.OnSockets:
		return sub("arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${" + socketAPI + "}/" + socketStage + "/*/@connections/*")
	case topology.OnWidget:
		return sub("arn:${AWS::Partition}:s3:::${" + widgetBucket + "}/*")
	case topology.OnBucket:
		return sub("arn:${AWS::Partition}:s3:::${" + bucketParameter + "}")
	case topology.OnObjects:
		return sub("arn:${AWS::Partition}:s3:::${" + bucketParameter + "}/" + g.Arg + "*")
	}
	panic("infra/cdk knows no resource " + string(g.On)) // a topology that this reader is behind of
}

// A keyUse is what a function needs of the key when it calls a service.
type keyUse struct {
	service string
	actions []string
}

// keyNeeds says what each action needs of the key that its resource is encrypted
// with; the service asks in the caller's name.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
func keyNeeds(action string) []string {
	switch action {
	case "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:ConditionCheckItem":
		return []string{"kms:Decrypt", "kms:DescribeKey"}
	case "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem":
		return []string{"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey",
			"kms:GenerateDataKeyWithoutPlaintext",
			"kms:ReEncryptFrom", "kms:ReEncryptTo"}
	case "sqs:SendMessage":
		return []string{"kms:Decrypt", "kms:GenerateDataKey"}
	case "sqs:ReceiveMessage", "s3:GetObject":
		return []string{"kms:Decrypt"}
	case "s3:PutObject":
		return []string{"kms:GenerateDataKey"}
	}
	return nil // reads no content, or is encrypted with Secrets Manager's own key
}

func keyUses(grants []topology.Grant) []keyUse {
	needs := map[string][]string{}
	for _, g := range grants {
		if g.On == topology.OnWidget { // encrypted with S3's own key
			continue
		}
		for _, a := range g.Actions {
			service, _, _ := strings.Cut(a, ":")
			needs[service] = append(needs[service], keyNeeds(a)...)
		}
	}
	var uses []keyUse
	for _, service := range []string{"dynamodb", "s3", "sqs"} {
		if actions := needs[service]; len(actions) > 0 {
			slices.Sort(actions)
			uses = append(uses, keyUse{service, slices.Compact(actions)})
		}
	}
	return uses
}
