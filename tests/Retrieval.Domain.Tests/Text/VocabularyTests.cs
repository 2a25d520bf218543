using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Text;

namespace Retrieval.Domain.Tests.Text;

public sealed class VocabularyTests
{
    [Fact]
    public void The_id_of_a_word_is_its_place()
    {
        var vocabulary = Read("""{"words": ["<pad>", "<start>", "café", "'s"]}""");

        Assert.Equal(4, vocabulary.Count);
        Assert.True(vocabulary.TryGetId("café", out var id));
        Assert.Equal(2, id);
        Assert.Equal("'s", vocabulary[3]);
        Assert.False(vocabulary.TryGetId("Café", out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"word": ["a"]}""")]
    [InlineData("""{"words": {"a": 0}}""")]
    [InlineData("""{"words": [["a"]]}""")]
    [InlineData("""{"words": ["a", 1]}""")]
    [InlineData("""{"words": ["a", null]}""")]
    [InlineData("""{"words": ["a", "\ud800"]}""")]
    [InlineData("""{"words": []}""")]
    [InlineData("""{"words": ["a", ""]}""")]
    [InlineData("""{"words": ["a", "b", "a"]}""")]
    public void A_file_of_another_form_is_refused_with_its_name(string json)
    {
        var error = Assert.Throws<InvalidInputException>(() => Read(json));

        Assert.Equal("vocabulary.json", error.File);
    }

    [Fact]
    public void A_repeated_word_is_named_with_both_places()
    {
        var error = Assert.Throws<InvalidInputException>(() => new Vocabulary(["a", "dog", "dog"]));

        Assert.Equal("words[2]", error.Field);
        Assert.Contains("'dog'", error.Message, StringComparison.Ordinal);
        Assert.Contains("words[1]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        var whole = Encoding.UTF8.GetBytes("""{"words": ["<pad>", "<start>", "café"]}""");
        for (var length = 0; length < whole.Length; length++)
        {
            var cut = whole[..length];
            Assert.Throws<InvalidInputException>(() => Vocabulary.Read(new MemoryStream(cut), "v.json"));
        }
    }

    private static Vocabulary Read(string json) =>
        Vocabulary.Read(new MemoryStream(Encoding.UTF8.GetBytes(json)), "vocabulary.json");
}
