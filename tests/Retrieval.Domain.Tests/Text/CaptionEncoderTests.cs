using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Text;

namespace Retrieval.Domain.Tests.Text;

public sealed class CaptionEncoderTests
{
    private static readonly TokenSpec Tokens = new(6, "<pad>", "<start>", "<end>", "<unk>");

    private static readonly Vocabulary Words = new(["<pad>", "<start>", "<end>", "<unk>", "a", "dog", "runs", "."]);

    private static CaptionEncoder Encoder { get; } = new(Words, Tokens, maxCharacters: 40);

    [Fact]
    public void A_caption_becomes_ids_between_start_and_end()
    {
        var caption = Encoder.Encode("A dog runs.");

        Assert.Equal([1, 4, 5, 6, 7, 2], caption.TokenIds);
        Assert.Equal(["a", "dog", "runs", "."], caption.Tokens);
        Assert.Empty(caption.UnknownTokens);
        Assert.Equal(4, caption.KnownTokenCount);
        Assert.False(caption.Truncated);
    }

    [Fact]
    public void Unknown_words_are_named_once_each()
    {
        var caption = Encoder.Encode("zebra a zebra yak");

        Assert.Equal([1, 3, 4, 3, 3, 2], caption.TokenIds);
        Assert.Equal(["zebra", "yak"], caption.UnknownTokens);
        Assert.Equal(1, caption.KnownTokenCount);
    }

    [Fact]
    public void A_caption_without_a_known_word_is_accepted()
    {
        var caption = Encoder.Encode("zebra");

        Assert.Equal([1, 3, 2], caption.TokenIds);
        Assert.Equal(0, caption.KnownTokenCount);
    }

    [Fact]
    public void A_long_caption_is_clipped_and_says_so()
    {
        var caption = Encoder.Encode("a dog runs . zebra");

        Assert.Equal([1, 4, 5, 6, 7, 2], caption.TokenIds);
        Assert.Empty(caption.UnknownTokens);
        Assert.True(caption.Truncated);
    }

    [Fact]
    public void Special_words_cannot_be_written_into_a_caption()
    {
        var caption = Encoder.Encode("<end> a");

        Assert.Equal(["<", "end", ">", "a"], caption.Tokens);
        Assert.Equal([1, 3, 3, 3, 4, 2], caption.TokenIds);
    }

    [Theory]
    [InlineData("", "no words")]
    [InlineData(" \t\n", "no words")]
    [InlineData("\u001C\u001F", "no words")]
    [InlineData("a\0dog", "NUL at character 1")]
    [InlineData("a dog a dog a dog a dog a dog a dog a dog", "41 characters, expected at most 40")]
    public void A_text_that_is_no_caption_is_refused_with_the_reason(string caption, string reason)
    {
        var error = Assert.Throws<InvalidInputException>(() => Encoder.Encode(caption));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused_with_its_place()
    {
        var high = Assert.Throws<InvalidInputException>(() => Encoder.Encode("a dog \uD83D"));
        var low = Assert.Throws<InvalidInputException>(() => Encoder.Encode("a \uDE00 dog"));

        Assert.Contains("character 6", high.Message, StringComparison.Ordinal);
        Assert.Contains("character 2", low.Message, StringComparison.Ordinal);
        Assert.Equal(["\uD83D\uDE00"], Encoder.Encode("\uD83D\uDE00").UnknownTokens);
    }

    [Fact]
    public void A_caption_of_exactly_the_most_characters_is_taken() =>
        Assert.Equal(40, Encoder.Encode(new string('a', 40)).Tokens[0].Length);

    [Fact]
    public void A_caption_may_have_one_word_where_there_is_room_for_one()
    {
        var caption = new CaptionEncoder(Words, Tokens with { Max = 3 }).Encode("a dog");

        Assert.Equal([1, 4, 2], caption.TokenIds);
        Assert.True(caption.Truncated);
    }

    [Theory]
    [InlineData("<pad>")]
    [InlineData("<start>")]
    [InlineData("<end>")]
    [InlineData("<unk>")]
    public void A_vocabulary_without_a_special_word_is_refused(string missing)
    {
        var words = new Vocabulary(["<pad>", "<start>", "<end>", "<unk>", "a"]);
        var rest = new Vocabulary(Enumerable.Range(0, words.Count).Select(i => words[i]).Where(w => w != missing), "vocabulary.json");

        var error = Assert.Throws<InvalidInputException>(() => new CaptionEncoder(rest, Tokens));

        Assert.Contains($"'{missing}'", error.Message, StringComparison.Ordinal);
        Assert.Equal("vocabulary.json", error.File);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(0)]
    [InlineData(int.MinValue)]
    public void Room_for_no_word_is_refused(int max) =>
        Assert.Throws<InvalidInputException>(() => new CaptionEncoder(Words, Tokens with { Max = max }));
}
