package play

import (
	"strings"
	"sync"
)

// shapes is what each object of a message may hold, its members and their types below
// its name. Those that Google fills in itself are of any type: they are not looked at.
//
// https://chat.googleapis.com/$discovery/rest?version=v1
const shapes = `AccessoryWidget
	buttonList ButtonList
Action
	allWidgetsAreRequired bool; function string; interaction INTERACTION_UNSPECIFIED|OPEN_DIALOG;
	loadIndicator SPINNER|NONE; parameters []ActionParameter; persistValues bool; requiredWidgets []string
ActionParameter
	key string; value string
Attachment
	attachmentDataRef AttachmentDataRef; contentName string; contentType string; downloadUri string;
	driveDataRef DriveDataRef; name string; source SOURCE_UNSPECIFIED|DRIVE_FILE|UPLOADED_CONTENT;
	thumbnailUri string
AttachmentDataRef
	attachmentUploadToken string; resourceName string
BorderStyle
	cornerRadius int; strokeColor Color; type BORDER_TYPE_UNSPECIFIED|NO_BORDER|STROKE
Button
	altText string; color Color; disabled bool; icon Icon; onClick OnClick; text string;
	type TYPE_UNSPECIFIED|OUTLINED|FILLED|FILLED_TONAL|BORDERLESS
ButtonList
	buttons []Button
Card
	cardActions []CardAction; displayStyle DISPLAY_STYLE_UNSPECIFIED|PEEK|REPLACE; expressionData []ExpressionData;
	fixedFooter CardFixedFooter; header CardHeader; name string; peekCardHeader CardHeader;
	sectionDividerStyle DIVIDER_STYLE_UNSPECIFIED|SOLID_DIVIDER|NO_DIVIDER; sections []Section
CardAction
	actionLabel string; onClick OnClick
CardFixedFooter
	primaryButton Button; secondaryButton Button
CardHeader
	imageAltText string; imageType SQUARE|CIRCLE; imageUrl string; subtitle string; title string
CardWithId
	card Card; cardId string; ownerUser any
Carousel
	carouselCards []CarouselCard
CarouselCard
	footerWidgets []NestedWidget; widgets []NestedWidget
ChatClientDataSourceMarkup
	spaceDataSource SpaceDataSource
Chip
	altText string; disabled bool; enabled bool; icon Icon; label string; onClick OnClick
ChipList
	chips []Chip; layout LAYOUT_UNSPECIFIED|WRAPPED|HORIZONTAL_SCROLLABLE
Citation
	citedSources []CitedSource; id string
CitedSource
	footer Footer; snippet Snippet; title string; uri string
CollapseControl
	collapseButton Button; expandButton Button;
	horizontalAlignment HORIZONTAL_ALIGNMENT_UNSPECIFIED|START|CENTER|END
Color
	alpha number; blue number; green number; red number
Column
	horizontalAlignment HORIZONTAL_ALIGNMENT_UNSPECIFIED|START|CENTER|END;
	horizontalSizeStyle HORIZONTAL_SIZE_STYLE_UNSPECIFIED|FILL_AVAILABLE_SPACE|FILL_MINIMUM_SPACE;
	verticalAlignment VERTICAL_ALIGNMENT_UNSPECIFIED|CENTER|TOP|BOTTOM; widgets []Widgets
Columns
	columnItems []Column
CommonWidgetAction
	updateVisibilityAction UpdateVisibilityAction
Condition
	actionRuleId string; expressionDataCondition ExpressionDataCondition
DataSourceConfig
	minCharactersTrigger int; platformDataSource PlatformDataSource; remoteDataSource Action
DateTimePicker
	hostAppDataSource HostAppDataSourceMarkup; label string; name string; onChangeAction Action;
	timezoneOffsetDate int; type DATE_AND_TIME|DATE_ONLY|TIME_ONLY; valueMsEpoch int64
DecoratedText
	bottomLabel string; bottomLabelText TextParagraph; button Button; contentText TextParagraph; endIcon Icon;
	icon Icon; onClick OnClick; startIcon Icon;
	startIconVerticalAlignment VERTICAL_ALIGNMENT_UNSPECIFIED|TOP|MIDDLE|BOTTOM; switchControl SwitchControl;
	text string; topLabel string; topLabelText TextParagraph; wrapText bool
Divider
DriveDataRef
	driveFileId string
Elements
	citations []Citation; citedSources []CitedSource
ElementsImage
	imageUri string
EventAction
	actionRuleId string; commonWidgetAction CommonWidgetAction; postEventTriggers []Trigger
ExpressionData
	conditions []Condition; eventActions []EventAction; expression string; id string
ExpressionDataCondition
	conditionType CONDITION_TYPE_UNSPECIFIED|EXPRESSION_EVALUATION_SUCCESS|EXPRESSION_EVALUATION_FAILURE
Footer
	text string
ForwardedMetadata
	space string; spaceDisplayName string
Grid
	borderStyle BorderStyle; columnCount int; items []GridItem; onClick OnClick; title string
GridItem
	id string; image ImageComponent; layout GRID_ITEM_LAYOUT_UNSPECIFIED|TEXT_BELOW|TEXT_ABOVE; subtitle string;
	title string
HostAppDataSourceMarkup
	chatDataSource ChatClientDataSourceMarkup; workflowDataSource WorkflowDataSourceMarkup
Icon
	altText string; iconUrl string; imageType SQUARE|CIRCLE; knownIcon string; materialIcon MaterialIcon
Image
	altText string; imageUrl string; onClick OnClick
ImageComponent
	altText string; borderStyle BorderStyle; cropStyle ImageCropStyle; imageUri string
ImageCropStyle
	aspectRatio number; type IMAGE_CROP_TYPE_UNSPECIFIED|SQUARE|CIRCLE|RECTANGLE_CUSTOM|RECTANGLE_4_3
MaterialIcon
	fill bool; grade int; name string; weight int
Message
	accessoryWidgets []AccessoryWidget; actionResponse any; annotations []any; argumentText string;
	attachedGifs []any; attachment []Attachment; cards []any; cardsV2 []CardWithId; clientAssignedMessageId string;
	createTime string; deleteTime string; deletionMetadata any; elements Elements; emojiReactionSummaries []any;
	fallbackText string; formattedText string; lastUpdateTime string;
	markupSyntax MARKUP_SYNTAX_UNSPECIFIED|MARKUP_SYNTAX_CHAT|MARKUP_SYNTAX_MARKDOWN; matchedUrl any; name string;
	privateMessageViewer any; quotedMessageMetadata QuotedMessageMetadata; sender any; silent bool;
	slashCommand any; space any; text string; thread Thread; threadReply bool
NestedWidget
	buttonList ButtonList; image Image; textParagraph TextParagraph
OnClick
	action Action; card Card; openDynamicLinkAction Action; openLink OpenLink; overflowMenu OverflowMenu
OpenLink
	onClose NOTHING|RELOAD; openAs FULL_SIZE|OVERLAY; url string
OverflowMenu
	items []OverflowMenuItem
OverflowMenuItem
	disabled bool; onClick OnClick; startIcon Icon; text string
PlatformDataSource
	commonDataSource UNKNOWN|USER; hostAppDataSource HostAppDataSourceMarkup
QuotedMessageMetadata
	forwardedMetadata ForwardedMetadata; lastUpdateTime string; name string;
	quoteType QUOTE_TYPE_UNSPECIFIED|REPLY|FORWARD; quotedMessageSnapshot QuotedMessageSnapshot
QuotedMessageSnapshot
	annotations []any; attachments []Attachment; formattedText string; sender string; text string
Section
	collapseControl CollapseControl; collapsible bool; header string; id string; uncollapsibleWidgetsCount int;
	widgets []Widget
SelectionInput
	dataSourceConfigs []DataSourceConfig; externalDataSource Action; hintText string; items []SelectionItem;
	label string; multiSelectMaxSelectedItems int; multiSelectMinQueryLength int; name string;
	onChangeAction Action; platformDataSource PlatformDataSource;
	type CHECK_BOX|RADIO_BUTTON|SWITCH|DROPDOWN|MULTI_SELECT
SelectionItem
	bottomText string; selected bool; startIconUri string; text string; value string
Snippet
	imagePreview ElementsImage; text string
SpaceDataSource
	defaultToCurrentSpace bool
SuggestionItem
	text string
Suggestions
	items []SuggestionItem
SwitchControl
	controlType SWITCH|CHECKBOX|CHECK_BOX; name string; onChangeAction Action; selected bool; value string
TextInput
	autoCompleteAction Action; hintText string; hostAppDataSource HostAppDataSourceMarkup;
	initialSuggestions Suggestions; label string; name string; onChangeAction Action; placeholderText string;
	type SINGLE_LINE|MULTIPLE_LINE; validation Validation; value string
TextParagraph
	maxLines int; text string; textSyntax TEXT_SYNTAX_UNSPECIFIED|HTML|MARKDOWN
Thread
	name string; threadKey string
Trigger
	actionRuleId string
UpdateVisibilityAction
	visibility VISIBILITY_UNSPECIFIED|VISIBLE|HIDDEN
Validation
	characterLimit int; inputType INPUT_TYPE_UNSPECIFIED|TEXT|INTEGER|FLOAT|EMAIL|EMOJI_PICKER
Widget
	buttonList ButtonList; carousel Carousel; chipList ChipList; columns Columns; dateTimePicker DateTimePicker;
	decoratedText DecoratedText; divider Divider; eventActions []EventAction; grid Grid;
	horizontalAlignment HORIZONTAL_ALIGNMENT_UNSPECIFIED|START|CENTER|END; id string; image Image;
	selectionInput SelectionInput; textInput TextInput; textParagraph TextParagraph;
	visibility VISIBILITY_UNSPECIFIED|VISIBLE|HIDDEN
Widgets
	buttonList ButtonList; chipList ChipList; dateTimePicker DateTimePicker; decoratedText DecoratedText;
	image Image; selectionInput SelectionInput; textInput TextInput; textParagraph TextParagraph
WorkflowDataSourceMarkup
	includeVariables bool; type UNKNOWN|USER|SPACE|USER_WITH_FREE_FORM`

// schema reads shapes: object, member, type.
var schema = sync.OnceValue(func() map[string]map[string]string {
	objects, object := map[string]map[string]string{}, ""
	for line := range strings.Lines(shapes) {
		if line = strings.TrimRight(line, "\n"); !strings.HasPrefix(line, "\t") {
			object = line
			objects[object] = map[string]string{}
			continue
		}
		for _, m := range strings.Split(line, ";") {
			member, typ, _ := strings.Cut(strings.TrimSpace(m), " ")
			objects[object][member] = typ
		}
	}
	return objects
})
