using System.Text;
using Retrieval.Domain.Images;

namespace Retrieval.Domain.Tests.Images;

public sealed class MetadataJsonTests
{
    [Fact]
    public void Names_are_written_in_order_and_text_of_any_script_as_it_is()
    {
        var json = MetadataJson.Write(new Dictionary<string, MetadataValue> { ["b"] = MetadataValue.Of("Köln 雪"), ["B"] = MetadataValue.Of("<&>"), ["a"] = MetadataValue.Of("\"") });

        Assert.Equal("""{"B":"<&>","a":"\"","b":"Köln 雪"}""", Encoding.UTF8.GetString(json));
    }

    [Fact]
    public void Numbers_and_booleans_are_written_as_such_and_numbers_as_they_came()
    {
        var json = MetadataJson.Write(new Dictionary<string, MetadataValue>
        {
            ["text"] = MetadataValue.Of("2024"), ["whole"] = MetadataValue.Of(-2024), ["number"] = MetadataValue.OfNumber("2024.0E+1", out _)!, ["yes"] = MetadataValue.Of(true), ["no"] = MetadataValue.Of(false),
        });

        Assert.Equal("""{"no":false,"number":2024.0E+1,"text":"2024","whole":-2024,"yes":true}""", Encoding.UTF8.GetString(json));
        Assert.Null(MetadataJson.Check(json));
    }

    [Fact]
    public void Where_there_are_no_metadata_nothing_is_written()
    {
        Assert.Empty(MetadataJson.Write(null));
        Assert.Empty(MetadataJson.Write(new Dictionary<string, MetadataValue>()));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("{}", "")]
    [InlineData("""{"say \"x\"":1,"a":{"b":[1,true,null]},"Köln":"c"}""", "say \"x\"|a|Köln")]
    [InlineData("""{"a":1""", "")]
    [InlineData("[1]", "")]
    [InlineData("""{"\ud800":1}""", "")]
    public void Names_are_read_as_they_were_given_and_damaged_bytes_have_none(string json, string names) =>
        Assert.Equal(names, string.Join('|', MetadataJson.Names(Encoding.UTF8.GetBytes(json))));

    [Theory]
    [InlineData("", null)]
    [InlineData("{}", null)]
    [InlineData("""{"a":{"b":[1,true,null]}}""", null)]
    [InlineData("[1]", "the metadata are no JSON object")]
    [InlineData("\"a\"", "the metadata are no JSON object")]
    [InlineData(" ", "the metadata are not valid JSON")]
    [InlineData("""{"a":1""", "the metadata are not valid JSON")]
    [InlineData("""{"a":1} {}""", "the metadata are not valid JSON")]
    [InlineData("""{"a":01}""", "the metadata are not valid JSON")]
    public void One_object_or_nothing_is_taken_and_all_else_refused_with_the_reason(string json, string? reason) =>
        Assert.Equal(reason, MetadataJson.Check(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Bytes_that_are_not_UTF_8_are_refused_also_within_a_text() =>
        Assert.Equal("the metadata are not UTF-8", MetadataJson.Check([.. "{\"a\":\""u8, 0xC3, 0x28, .. "\"}"u8]));

    [Theory]
    [InlineData(64, null)]
    [InlineData(65, "the metadata are not valid JSON")]
    public void Metadata_nest_as_deep_as_the_format_allows(int depth, string? reason)
    {
        var json = string.Concat(Enumerable.Repeat("{\"a\":", depth - 1)) + "{}" + new string('}', depth - 1);

        Assert.Equal(reason, MetadataJson.Check(Encoding.UTF8.GetBytes(json)));
    }
}
