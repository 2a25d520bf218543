using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Storage.Postgres;

namespace Retrieval.Storage.Tests.Postgres;

public sealed class SortedValuesTests
{
    [Fact]
    public void Numbers_and_booleans_and_those_in_lists_become_values_once_each_and_nothing_else_does()
    {
        var values = Of("""{"city": "1990", "year": 1990, "price": 1.50, "sold": true, "tags": ["a", ["b", 2, 2.0], false, null, {"x": 1}], "none": null, "deep": {"x": 1}}""");
        string[] expected = [Value("year", "1990"), Value("price", "1.5"), Value("tags", "2"), SortedValues.Of("sold", MetadataValue.Of(true).Order!), SortedValues.Of("tags", MetadataValue.Of(false).Order!)];
        Assert.Equal(expected.Order(StringComparer.Ordinal), values);
        Assert.Empty(SortedValues.OfMetadata(default));
    }

    [Fact]
    public void A_number_that_no_filter_can_ask_for_has_no_value() =>
        Assert.Equal([Value("a", "1")], Of($$"""{"a": [1, 1e401, 1e-401, {{new string('1', 65)}}]}"""));

    [Fact]
    public void Keys_of_any_characters_and_length_have_values_apart_from_each_other_that_a_page_of_an_index_can_hold()
    {
        string[] keys = ["", "a", "\0", "\u001F", "\u001E", "\u001Ee", "\u001Es", "\u001E0", "\u001E#", "a\u001F", "\u001Fa", "a\u001Fn", new('x', 2000), new('x', 2001), new string('é', 600)];
        var longest = $"-{new string('1', 64)}e300";
        var values = keys.SelectMany(key => new[] { Value(key, "1"), Value(key, longest) }).ToList();
        Assert.Equal(values.Count, values.Distinct(StringComparer.Ordinal).Count());
        Assert.All(values, value => Assert.DoesNotContain('\0', value));
        Assert.All(values, value => Assert.InRange(Encoding.UTF8.GetByteCount(value), 1, 1100));

        // All numbers of a key lie between these two, and those of no other key.
        foreach (var key in keys)
        {
            var all = ValueRange.Between(null, null);
            var (from, before) = (SortedValues.Of(key, all.From), SortedValues.Of(key, all.Before));
            Assert.Equal([Value(key, "1"), Value(key, longest)], values.Where(value => string.CompareOrdinal(from, value) <= 0 && string.CompareOrdinal(value, before) < 0));
        }
    }

    [Fact]
    public void A_key_that_is_no_valid_text_asks_for_what_no_metadata_have() => Assert.Equal("\u001E?\u001Fx", SortedValues.Of("\ud800", "x"));

    [Fact]
    public void Metadata_that_are_no_object_are_refused() =>
        Assert.Contains("is a JSON Array, expected an object", Assert.Throws<InvalidInputException>(() => Of("[1]")).Message, StringComparison.Ordinal);

    private static string Value(string key, string number) => SortedValues.Of(key, MetadataValue.OfNumber(number, out _)!.Order!);

    private static IReadOnlyList<string> Of(string json) => SortedValues.OfMetadata(Encoding.UTF8.GetBytes(json));
}
