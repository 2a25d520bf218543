using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Retrieval.Domain.Errors;
using Retrieval.Features.Npy;
using Retrieval.Search.Queries;

namespace Retrieval.Server.Requests;

/// <summary>The body of a search: JSON, or a <c>.npy</c> file with the request's other members in the query string.</summary>
internal static class SearchBody
{
    /// <summary>What the API's document says of the second form.</summary>
    public const string NpyText = "As `application/x-npy` the body is the features, and `top`, `offset`, `shortlist`, `rankBy`, `deadlineMs`, `index` and `filter` (a JSON object) come as parameters of the query.";

    private const string Filter = "filter", RankBy = "rankBy", DeadlineMs = "deadlineMs", Index = "index";

    private static readonly string[] Known = ["top", "offset", "shortlist", RankBy, DeadlineMs, Index, Filter];

    /// <summary>Reads either form.</summary>
    /// <param name="reader">Reads JSON.</param>
    /// <param name="context">The request.</param>
    /// <param name="with">Adds the features to the other members.</param>
    /// <exception cref="InvalidInputException">Not a valid request; names the member or the parameter.</exception>
    public static T Read<T>(RequestReader reader, HttpContext context, Func<T, byte[], T> with)
        where T : SearchRequest
    {
        if (context.RawBody() is not { } raw)
        {
            return reader.Read<T>(context);
        }

        var features = raw.ToArray();
        if (!NpyArray.IsNpy(features))
        {
            throw new InvalidInputException("is no .npy file; features without a header are sent in JSON, as base64", field: "body");
        }

        PercentEncoding.CheckQuery(context.Request.QueryString.Value, Known);
        return with(reader.Read<T>(new ReadOnlySequence<byte>(Members(context.Request.Query))), features);
    }

    /// <summary>The deadline of a request whose body is not JSON; null if there is none, or no valid one, which is refused later.</summary>
    public static int? DeadlineOf(HttpRequest request) =>
        int.TryParse(request.Query[DeadlineMs], System.Globalization.NumberStyles.None, null, out var ms) && ms > 0 ? ms : null;

    // As JSON they have the same reader, the same bounds and the same errors as in a body.
    private static byte[] Members(IQueryCollection query)
    {
        var members = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(members);
        json.WriteStartObject();
        foreach (var (name, values) in query)
        {
            if (values.Count > 1)
            {
                throw new InvalidInputException("is given twice", field: name);
            }

            var text = values[0] ?? "";
            json.WritePropertyName(name);
            if (name is not (RankBy or Index) && IsJson(text, name == Filter ? JsonValueKind.Object : JsonValueKind.Number))
            {
                json.WriteRawValue(text);
            }
            else if (name == Filter)
            {
                throw new InvalidInputException("expected a JSON object, percent-encoded", field: name);
            }
            else
            {
                json.WriteStringValue(text);
            }
        }

        json.WriteEndObject();
        json.Flush();
        return members.WrittenSpan.ToArray();
    }

    private static bool IsJson(string text, JsonValueKind kind)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == kind;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
