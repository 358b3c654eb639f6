package store

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

const (
	contactKey = "conversation"
	windowKey  = "window:"
)

// Conversations are what is known of each conversation: its state, its numbering, its
// history, and which others it continues.
type Conversations struct {
	core
	bodies
}

// NewConversations opens the conversations in p.
func NewConversations(p Place) *Conversations { return &Conversations{p.core(), p.bodies()} }

// OpenThread keeps what is known of a conversation that the brand begins. What
// events have said already stays.
func (t *Conversations) OpenThread(ctx context.Context, conversation string, thread []byte) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(conversation, stateKey),
		UpdateExpression:          aws.String("SET y = if_not_exists(y, :y)"),
		ExpressionAttributeValues: attrs{":y": text(string(thread))}})
	if err != nil {
		return fmt.Errorf("open conversation: %w", err)
	}
	return nil
}

// SetOptions keeps what a customer can answer with a number; nil forgets it.
func (t *Conversations) SetOptions(ctx context.Context, conversation string, options []byte) error {
	in := &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(conversation, stateKey),
		UpdateExpression: aws.String("REMOVE g")}
	if options != nil {
		in.UpdateExpression = aws.String("SET g = :g")
		in.ExpressionAttributeValues = attrs{":g": text(string(options))}
	}
	if _, err := t.db.UpdateItem(ctx, in); err != nil {
		return fmt.Errorf("keep options: %w", err)
	}
	return nil
}

// SetContact says which conversation is a contact's own.
func (t *Conversations) SetContact(ctx context.Context, contact, conversation string) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(contact, contactKey),
		UpdateExpression: aws.String("SET cv = :cv"), ExpressionAttributeValues: attrs{":cv": text(conversation)}})
	if err != nil {
		return fmt.Errorf("keep contact: %w", err)
	}
	return nil
}

// Of is a contact's own conversation, or "".
func (t *Conversations) Of(ctx context.Context, contact string) (string, error) {
	item, err := t.read(ctx, key(contact, contactKey), "read contact")
	if err != nil {
		return "", err
	}
	return textOf(item["cv"]), nil
}

// SetRead keeps how far a customer has read a conversation, until expires; it never
// goes back.
func (t *Conversations) SetRead(ctx context.Context, conversation string, sequence int64, expires time.Time) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(conversation, readKey),
		UpdateExpression:          aws.String("SET rs = :rs, x = :x"),
		ConditionExpression:       aws.String("attribute_not_exists(rs) OR rs < :rs"),
		ExpressionAttributeValues: attrs{":rs": number(sequence), ":x": number(expires.Unix())}})
	if err != nil && !isRefused(err) {
		return fmt.Errorf("keep what was read: %w", err)
	}
	return nil
}

// Read is how far a customer has read a conversation.
func (t *Conversations) Read(ctx context.Context, conversation string) (sequence int64, err error) {
	item, err := t.read(ctx, key(conversation, readKey), "read what was read")
	return intOf(item["rs"]), err
}
