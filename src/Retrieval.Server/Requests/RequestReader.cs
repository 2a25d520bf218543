using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Retrieval.Domain.Errors;
using Retrieval.Search.Queries;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Requests;

/// <summary>
/// Strictly deserializes request bodies into the types that the API's document describes: a member that is unknown, duplicated,
/// missing or of another kind is refused by name. A member that is null counts as omitted. The code that uses a body checks its
/// meaning (bounds of numbers, captions).
/// </summary>
internal sealed class RequestReader
{
    private const long LongestReread = 256 << 10;

    private readonly JsonSerializerOptions _json;
    private readonly RequestBounds _bounds;
    private readonly RequestFaults _faults;

    public RequestReader(ServerOptions options, RequestBounds bounds)
    {
        _json = new JsonSerializerOptions(JsonSerializerOptions.Strict)
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            MaxDepth = options.Http.MaxJsonDepth,
            Converters = { new WholeNumberConverter(), new Base64Converter(), new AnyJsonConverter(), new FilterConverter(), new MetadataConverter(), new NameConverter<RankBy>() },
        };
        _json.MakeReadOnly(populateMissingResolver: true);
        _bounds = bounds;
        _faults = new RequestFaults(bounds);
    }

    /// <summary>Reads a body, which is one JSON value: see <see cref="BodyReader"/>.</summary>
    /// <exception cref="InvalidInputException">Not a valid request; names the member.</exception>
    public T Read<T>(ReadOnlySequence<byte> body)
        where T : class
    {
        var type = (JsonTypeInfo<T>)_json.GetTypeInfo(typeof(T));
        ItemCounts.Check(body, type, _bounds, _json.MaxDepth);
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = _json.MaxDepth });
            return JsonSerializer.Deserialize(ref reader, type) ?? throw new JsonException();
        }
        catch (JsonException exception)
        {
            // Reading it once more, for what was found, takes many times its length in memory: a long body is refused with less said.
            using var document = body.Length > LongestReread ? null : JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = _json.MaxDepth });
            throw document is null ? _faults.Of(exception, type) : _faults.Of(exception, document.RootElement, type);
        }
    }

    /// <summary>Reads a part of a body that is a request of its own; members are named relative to that part.</summary>
    /// <inheritdoc cref="Read{T}(ReadOnlySequence{byte})"/>
    public T Read<T>(JsonElement part)
        where T : class
    {
        var type = (JsonTypeInfo<T>)_json.GetTypeInfo(typeof(T));
        try
        {
            return part.Deserialize(type) ?? throw new JsonException();
        }
        catch (JsonException exception)
        {
            throw _faults.Of(exception, part, type);
        }
    }

    /// <summary>Items of an array, none of which may be null: the deserializer cannot derive this from types.</summary>
    /// <param name="items">The items; null for none.</param>
    /// <param name="field">The array's member.</param>
    /// <param name="expected">Description of an item.</param>
    /// <exception cref="InvalidInputException">An item is null; names it.</exception>
    public static IReadOnlyList<T> Items<T>(IReadOnlyList<T>? items, string field, string expected)
        where T : class
    {
        for (var i = 0; i < items?.Count; i++)
        {
            if (items[i] is null)
            {
                throw new InvalidInputException($"found null; expected {expected}", field: $"{field}[{i}]");
            }
        }

        return items ?? [];
    }
}
