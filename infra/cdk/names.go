package main

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
	"github.com/aws/jsii-runtime-go"

	"github.com/relais-dev/relais/shared/names"
)

// sub is CloudFormation's Fn::Sub: text with ${AWS::Region} and the like.
func sub(text string) *string { return awscdk.Fn_Sub(jsii.String(text), nil) }

// arn names a resource of this account and region.
func arn(service, resource string) *string {
	return sub("arn:${AWS::Partition}:" + service + ":${AWS::Region}:${AWS::AccountId}:" + resource)
}

// url of a queue, from its name: both stacks know it without an export.
func queueURL(stage, queue string) string {
	return "https://sqs.${AWS::Region}.${AWS::URLSuffix}/${AWS::AccountId}/" + names.Queue(stage, queue)
}

// logGroup is where Lambda looks for a function's log group by itself.
func logGroup(stage, function string) string {
	return "/aws/lambda/" + names.Function(stage, function)
}

// accessLog begins as vended logs do, so that the resource policy that log
// delivery writes stays short.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
func accessLog(stage string) string { return "/aws/vendedlogs/" + statelessName(stage) + "-api" }

// parameterName is where other stacks find what Relais offers.
func parameterName(stage, name string) string { return "/relais/" + stage + "/" + name }

// publish gives a value out twice: as an output for people, and as a parameter
// for other stacks, which a change of the value does not lock as an export would.
func publish(stack awscdk.Stack, id, parameter, value, description string) {
	p := &awsssm.CfnParameterProps{Name: jsii.String(parameter), Type: jsii.String("String"), Value: jsii.String(value)}
	o := &awscdk.CfnOutputProps{Value: jsii.String(value)}
	if description != "" {
		p.Description, o.Description = jsii.String(description), jsii.String(description)
	}
	awsssm.NewCfnParameter(stack, jsii.String("Parameter-"+id), p)
	awscdk.NewCfnOutput(stack, jsii.String(camel(id)), o)
}

// camel is "QueueUrlSupportDlq" for "QueueUrl-support-dlq": outputs' names are
// alphanumeric.
func camel(id string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(id, "-") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}
