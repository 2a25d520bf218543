using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Storage.Postgres;

namespace Retrieval.Storage.Tests.Postgres;

public sealed class TagsTests
{
    [Fact]
    public void Texts_numbers_booleans_and_the_items_of_lists_become_tags_and_nothing_else_does()
    {
        var tags = Of("""{"city": "Ulm", "year": 1990, "price": 1.50, "sold": true, "tags": ["a", ["b", 2], null, {"x": 1}], "none": null, "deep": {"x": "y"}}""");
        string[] expected = [Tags.Of("city", "Ulm"), Tags.Of("year", "1990"), Tags.Of("price", "1.50"), Tags.Of("sold", "true"), Tags.Of("tags", "a"), Tags.Of("tags", "b"), Tags.Of("tags", "2")];
        Assert.Equal(expected.Order(StringComparer.Ordinal), tags);
        Assert.Equal("city\u001FUlm", Tags.Of("city", "Ulm"));
        Assert.Empty(Tags.OfMetadata(default));
        Assert.Equal([Tags.Of("a", "1"), Tags.Of("a", "2")], Of("""{"a": "1", "a": ["2", "1"]}"""));
    }

    [Fact]
    public void Different_pairs_have_different_tags_whatever_characters_they_are_made_of()
    {
        string[] texts = ["", "a", "\0", "\u001F", "\u001E", "\u001Ee", "\u001Es", "\u001E0", "\u001E#", "a\u001F", "\u001Fa", new('x', 2000), new('x', 2001), new string('é', 600)];
        var tags = texts.SelectMany(key => texts.Select(value => Tags.Of(key, value))).ToList();
        Assert.Equal(tags.Count, tags.Distinct(StringComparer.Ordinal).Count());
        Assert.All(tags, tag => Assert.DoesNotContain('\0', tag));
        Assert.All(tags, tag => Assert.InRange(Encoding.UTF8.GetByteCount(tag), 1, 1024));
        Assert.Equal([Tags.Of("a\0", "b\0c")], Of("""{"a\u0000": "b\u0000c"}"""));
    }

    [Theory]
    [InlineData("[1]", "is a JSON Array, expected an object")]
    [InlineData("{", "is not valid JSON")]
    [InlineData("{\"a\": \"\\ud800\"}", "not valid Unicode")]
    [InlineData("{\"\\ud800\": 1}", "not valid Unicode")]
    public void Metadata_that_no_filter_could_ask_for_are_refused(string json, string reason) =>
        Assert.Contains(reason, Assert.Throws<InvalidInputException>(() => Of(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_filter_that_is_no_valid_text_asks_for_what_no_metadata_have() => Assert.Equal("\u001E?", Tags.Of("a", "\ud800"));

    private static IReadOnlyList<string> Of(string json) => Tags.OfMetadata(Encoding.UTF8.GetBytes(json));
}
