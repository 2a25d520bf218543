using System.Globalization;
using System.Text;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests;

/// <summary>What cannot be answered is refused with the field at fault, and with nothing of how the server is made.</summary>
[Trait("Promise", "7")]
public sealed class BadRequestTests(ServerFixture fixture)
{
    private const string Images = "/v1/search/images";
    private const string Captions = "/v1/search/captions";
    private const string Batch = "/v1/search/batch";
    private const string Score = "/v1/score";

    public static TheoryData<string, string, int, string?> Table => new()
    {
        // Not an object at all.
        { Images, "", 400, null },
        { Images, "{", 400, null },
        { Images, "null", 400, null },
        { Images, "[]", 400, null },
        { Images, "\"w4\"", 400, null },
        { Images, "{\"caption\":\"w4\"} trailing", 400, null },
        { Images, "{\"caption\":\"w4\",}", 400, null },
        { Images, "{\"caption\":NaN}", 400, null },
        { Images, "/* comment */ {\"caption\":\"w4\"}", 400, null },

        // Members.
        { Images, "{}", 400, "caption" },
        { Images, "{\"caption\":null}", 400, "caption" },
        { Images, "{\"caption\":7}", 400, "caption" },
        { Images, "{\"caption\":[\"w4\"]}", 400, "caption" },
        { Images, "{\"caption\":\"w4\",\"caption\":\"w5\"}", 400, "caption" },
        { Images, "{\"caption\":\"w4\",\"imageId\":\"plain.jpg\"}", 400, null },
        { Images, "{\"caption\":\"w4\",\"Top\":3}", 400, "Top" },
        { Images, "{\"caption\":\"w4\",\"$type\":\"x\"}", 400, "$type" },
        { Captions, "{}", 400, "imageId" },
        { Captions, "{\"imageId\":{}}", 400, "imageId" },
        { Captions, "{\"imageId\":\"plain.jpg\",\"caption\":\"w4\"}", 400, "caption" },
        { Captions, "{\"imageId\":\"nobody\"}", 404, null },
        { Captions, "{\"imageId\":\"\"}", 404, null },

        // Captions that are none.
        { Images, "{\"caption\":\"\"}", 400, "caption" },
        { Images, "{\"caption\":\"  \\t \"}", 400, "caption" },
        { Images, "{\"caption\":\"w4\\u0000w5\"}", 400, "caption" },
        { Images, "{\"caption\":\"w4 \\ud83d\"}", 400, "caption" },
        { Images, "{\"caption\":\"\\udc15 w4\"}", 400, "caption" },
        { Images, "{\"\\ud83d\":1}", 400, null },
        { Images, "{\"\\udfff\\ud800\":1}", 400, null },
        { Batch, "{\"queries\":[{\"caption\":\"w4\"}],\"deadline\\ud800\":1}", 400, null },
        { Images, $"{{\"caption\":\"{new string('a', 10_001)}\"}}", 400, "caption" },

        // Numbers.
        { Images, "{\"caption\":\"w4\",\"top\":0}", 400, "top" },
        { Images, "{\"caption\":\"w4\",\"top\":-1}", 400, "top" },
        { Images, "{\"caption\":\"w4\",\"top\":1001}", 400, "top" },
        { Images, "{\"caption\":\"w4\",\"top\":2147483648}", 400, "top" },
        { Images, "{\"caption\":\"w4\",\"top\":1e400}", 400, "top" },
        { Images, "{\"caption\":\"w4\",\"top\":1.5}", 400, "top" },
        { Images, "{\"caption\":\"w4\",\"top\":\"10\"}", 400, "top" },
        { Images, "{\"caption\":\"w4\",\"top\":true}", 400, "top" },
        { Images, "{\"caption\":\"w4\",\"shortlist\":0}", 400, "shortlist" },
        { Images, "{\"caption\":\"w4\",\"shortlist\":10001}", 400, "shortlist" },
        { Images, "{\"caption\":\"w4\",\"deadlineMs\":0}", 400, "deadlineMs" },
        { Images, "{\"caption\":\"w4\",\"deadlineMs\":600001}", 400, "deadlineMs" },
        { Captions, "{\"imageId\":\"plain.jpg\",\"top\":0}", 400, "top" },

        // What hits are ordered by.
        { Images, "{\"caption\":\"w4\",\"rankBy\":\"coarse\"}", 400, "rankBy" },
        { Images, "{\"caption\":\"w4\",\"rankBy\":\"Score\"}", 400, "rankBy" },
        { Images, "{\"caption\":\"w4\",\"rankBy\":\"both, score\"}", 400, "rankBy" },
        { Images, "{\"caption\":\"w4\",\"rankBy\":\"\"}", 400, "rankBy" },
        { Images, "{\"caption\":\"w4\",\"rankBy\":1}", 400, "rankBy" },
        { Images, "{\"caption\":\"w4\",\"rankBy\":[\"both\"]}", 400, "rankBy" },
        { Images, "{\"caption\":\"w4\",\"rankBy\":\"\\ud83d\"}", 400, "rankBy" },
        { Captions, "{\"imageId\":\"plain.jpg\",\"rankBy\":\"hits\"}", 400, "rankBy" },

        // Filters.
        { Images, "{\"caption\":\"w4\",\"filter\":[]}", 400, "filter" },
        { Images, "{\"caption\":\"w4\",\"filter\":\"split\"}", 400, "filter" },
        { Images, "{\"caption\":\"w4\",\"filter\":{\"split\":null}}", 400, "filter.split" },
        { Images, "{\"caption\":\"w4\",\"filter\":{\"split\":[[1]]}}", 400, "filter.split" },
        { Images, "{\"caption\":\"w4\",\"filter\":{\"split\":1e401}}", 400, "filter.split" },
        { Images, "{\"caption\":\"w4\",\"filter\":{\"split\":{}}}", 400, "filter.split" },
        { Images, "{\"caption\":\"w4\",\"filter\":{\"split\":{\"ge\":1}}}", 400, "filter.split" },
        { Images, "{\"caption\":\"w4\",\"filter\":{\"split\":{\"gt\":\"1\"}}}", 400, "filter.split.gt" },
        { Images, "{\"caption\":\"w4\",\"filter\":{\"split\":{\"gt\":1,\"gt\":2}}}", 400, "filter.split.gt" },
        { Images, "{\"caption\":\"w4\",\"filter\":{\"split\":{\"gt\":1,\"gte\":2}}}", 400, "filter.split" },
        { Images, "{\"caption\":\"w4\",\"filter\":{\"split\":{\"lt\":1,\"lte\":2}}}", 400, "filter.split" },
        { Images, "{\"caption\":\"w4\",\"filter\":{\"split\":[1,{\"gt\":1,\"lte\":1}]}}", 400, "filter.split" },
        { Images, $"{{\"caption\":\"w4\",\"filter\":{{\"split\":[{string.Join(',', Enumerable.Range(0, 33).Select(i => $"{{\"gt\":{i}}}"))}]}}}}", 400, "filter" },
        { Images, "{\"caption\":\"w4\",\"filter\":{\"split\":[]}}", 400, "filter.split" },
        { Images, "{\"caption\":\"w4\",\"filter\":{\"split\":[\"a\",null]}}", 400, "filter.split" },
        { Images, "{\"caption\":\"w4\",\"filter\":{\"split\":\"a\",\"split\":\"b\"}}", 400, "filter.split" },
        { Images, "{\"caption\":\"w4\",\"filter\":{\"split\":\"\\ud83d\"}}", 400, "filter.split" },
        { Images, $"{{\"caption\":\"w4\",\"filter\":{{{string.Join(',', Enumerable.Range(0, 33).Select(i => $"\"k{i}\":\"v\""))}}}}}", 400, "filter" },

        // Batches and pairs.
        { Batch, "{}", 400, "queries" },
        { Batch, "{\"queries\":[]}", 400, "queries" },
        { Batch, "{\"queries\":{}}", 400, "queries" },
        { Batch, $"{{\"queries\":[{string.Join(',', Enumerable.Repeat("{}", 65))}]}}", 400, "queries" },
        { Batch, $"{{\"queries\":[{string.Join(',', Enumerable.Repeat("{\"caption\":\"w4\",\"shortlist\":10000}", 3))}]}}", 400, "queries" },
        { Batch, $"{{\"queries\":[{string.Join(',', Enumerable.Repeat("{\"imageId\":\"plain.jpg\",\"top\":1000}", 21))}]}}", 400, "queries" },
        { Score, "{}", 400, "pairs" },
        { Score, "{\"pairs\":[]}", 400, "pairs" },
        { Score, "{\"pairs\":[1]}", 400, "pairs[0]" },
        { Score, $"{{\"pairs\":[{string.Join(',', Enumerable.Repeat("0", 2001))}]}}", 400, "pairs" },
        { Score, "{\"pairs\":[{\"imageId\":\"plain.jpg\"}]}", 400, "pairs[0]" },
        { Score, "{\"pairs\":[{\"imageId\":\"plain.jpg\",\"caption\":\"w4\",\"captionId\":\"plain.jpg#0\"}]}", 400, "pairs[0]" },
        { Score, "{\"pairs\":[{\"caption\":\"w4\"}]}", 400, "pairs[0].imageId" },
        { Score, "{\"pairs\":[{\"imageId\":\"plain.jpg\",\"caption\":\"w4\"},{\"imageId\":\"plain.jpg\",\"caption\":\"\"}]}", 400, "pairs[1].caption" },
        { Score, "{\"pairs\":[{\"imageId\":\"plain.jpg\",\"caption\":\"w4\",\"weight\":1}]}", 400, "pairs[0].weight" },
        { Score, "{\"pairs\":[{\"imageId\":\"nobody\",\"caption\":\"w4\"}]}", 404, null },
        { Score, "{\"pairs\":[{\"imageId\":\"plain.jpg\",\"captionId\":\"plain.jpg#2\"}]}", 404, null },
        { Score, "{\"pairs\":[{\"imageId\":\"plain.jpg\",\"captionId\":\"plain.jpg\"}]}", 404, null },
        { Score, "{\"pairs\":[{\"imageId\":\"plain.jpg\",\"captionId\":\"#99999999999\"}]}", 404, null },

        // Nesting.
        { Images, $"{{\"caption\":{new string('[', 100)}{new string(']', 100)}}}", 400, null },
        { Images, new string('[', 100_000), 400, null },
        { Images, string.Concat(Enumerable.Repeat("{\"a\":", 40_000)), 400, null },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public async Task A_bad_request_names_the_field_at_fault(string path, string body, int status, string? field)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await fixture.Client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);

        await response.ProblemAsync(status, field);
    }

    [Fact]
    public async Task Bytes_that_are_not_utf_8_are_refused_by_field()
    {
        using var content = new ByteArrayContent([.. "{\"caption\":\"w4 "u8, 0xff, 0xfe, .. "\"}"u8]);
        content.Headers.ContentType = new("application/json");
        using var response = await fixture.Client.PostAsync(new Uri(Images, UriKind.Relative), content, TestContext.Current.CancellationToken);

        await response.ProblemAsync(400, "caption");
    }

    [Theory]
    [InlineData(Images, """{ "caption": "w4", "top": "10" }""", "top: found a text; expected a whole number from 1 to 1000")]
    [InlineData(Images, """{ "caption": "w4", "top": 1001 }""", "top: found 1001; expected a whole number from 1 to 1000")]
    [InlineData(Images, """{ "caption": "w4", "top": 1.5 }""", "top: found 1.5; expected a whole number from 1 to 1000")]
    [InlineData(Images, """{ "caption": "w4", "colour of it": 1 }""", "colour of it: there is no such member; known here are caption, imageId, features, index, top, offset, shortlist, rankBy, deadlineMs, filter")]
    [InlineData(Images, """{ "caption": "w4", "caption": "w5" }""", "caption: is given twice")]
    [InlineData(Images, """{ "caption": null }""", "caption: is missing; expected exactly one of caption, imageId and features")]
    [InlineData(Images, "7", "the body is a number; expected an object")]
    [InlineData(Images, "null", "the body is null; expected an object")]
    [InlineData(Images, """{ "caption": "w4", "filter": [] }""", "filter: found an empty array; expected an object")]
    [InlineData(Score, """{ "pairs": [{ "imageId": "plain.jpg", "caption": true }] }""", "pairs[0].caption: found true; expected a text")]
    [InlineData(Score, """{ "pairs": [null] }""", "pairs[0]: found null; expected an object")]
    [InlineData(Score, """{ "pairs": {} }""", "pairs: found an object; expected an array")]
    [InlineData(Batch, """{ "queries": [] }""", "queries: has 0 items; expected 1 to 64")]
    [InlineData("/v1/ingestions", """{ "source": { "folder": 7 } }""", "source.folder: found a number; expected a text")]
    [InlineData("/v1/ingestions", """{ "source": { "tsv": "a" }, "replace": 1 }""", "replace: found a number; expected true or false")]
    [InlineData("/v1/ingestions", """{ "source": { "tsv": "a" }, "batchRows": 4097 }""", "batchRows: found 4097; expected a whole number from 1 to 4096")]
    public async Task What_was_found_and_what_was_expected_is_said(string path, string body, string detail)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await fixture.Client.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);

        Assert.Equal(detail, (string)(await response.JsonAsync())["detail"]!);
        Assert.Equal(400, (int)response.StatusCode);
    }

    [Fact]
    public async Task A_query_of_a_batch_that_cannot_be_read_fails_alone()
    {
        var answers = (await fixture.Client.AnswerAsync(Batch, """
            { "queries": [{ "caption": "w4", "imageId": null, "top": 1e0 }, { "caption": "w4", "caption": "w5" }, 7, { "imageId": "plain.jpg", "top": 0 }] }
            """))["answers"]!.AsArray();

        Assert.Single(answers[0]!["hits"]!.AsArray());
        Assert.Equal("caption: is given twice", (string)answers[1]!["detail"]!);
        Assert.Equal("the body is a number; expected an object", (string)answers[2]!["detail"]!);
        Assert.Equal("top: found 0; expected a whole number from 1 to 1000", (string)answers[3]!["detail"]!);
    }

    [Fact]
    public async Task A_very_long_caption_is_too_long_a_caption_or_too_long_a_body()
    {
        using var within = new StringContent($"{{\"caption\":\"{new string('a', 250_000)}\"}}", Encoding.UTF8, "application/json");
        using var refused = await fixture.Client.PostAsync(new Uri(Images, UriKind.Relative), within, TestContext.Current.CancellationToken);
        await refused.ProblemAsync(400, "caption");

        using var beyond = new StringContent($"{{\"caption\":\"{new string('a', 256 << 10)}\"}}", Encoding.UTF8, "application/json");
        using var tooLong = await fixture.Client.PostAsync(new Uri(Score, UriKind.Relative), beyond, TestContext.Current.CancellationToken);
        await tooLong.ProblemAsync(413);
    }

    [Fact]
    public async Task The_most_pairs_there_may_be_fit_into_the_longest_body()
    {
        var pair = $$"""{"imageId":"plain.jpg","caption":"{{string.Join(' ', Enumerable.Repeat("word", 16))}}"}""";
        var body = $$"""{"pairs":[{{string.Join(',', Enumerable.Repeat(pair, 2000))}}]}""";

        Assert.Equal(2000, (await fixture.Client.AnswerAsync(Score, body))["scores"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_byte_order_mark_in_front_of_the_body_is_passed_over()
    {
        using var content = new ByteArrayContent([0xEF, 0xBB, 0xBF, .. "{\"caption\":\"w4\"}"u8]);
        content.Headers.ContentType = new("application/json");
        using var response = await fixture.Client.PostAsync(new Uri(Images, UriKind.Relative), content, TestContext.Current.CancellationToken);

        Assert.Equal(200, (int)response.StatusCode);
    }

    [Fact]
    public async Task A_body_too_long_is_a_413_when_its_length_is_not_announced()
    {
        // One byte more than may be, and no end: a client that is still sending when the server closes may never read the answer.
        var length = new HttpOptions().MaxBodyBytes + 1;
        using var socket = await RawSocket.OpenAsync(fixture.Server.Address, string.Create(
            CultureInfo.InvariantCulture,
            $"POST {Score} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{new string(' ', (int)length)}"));

        var answer = await socket.AnswerAsync();
        Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", answer, StringComparison.Ordinal);
    }
}
