using System.Text.Json;

namespace Retrieval.Bench.Load;

/// <summary>Requests ready to be sent: bodies in bytes, selected by the number of the request.</summary>
internal sealed class QueryMix
{
    private const int Stream = 2;
    private static readonly Uri Images = new("/v1/search/images", UriKind.Relative);
    private static readonly Uri CaptionsOf = new("/v1/search/captions", UriKind.Relative);
    private readonly byte[][] _byCaption;
    private readonly byte[][] _byImage;
    private readonly int _seed;

    /// <param name="kind">Which of them are used.</param>
    /// <param name="captions">Captions to use as queries.</param>
    /// <param name="ids">Images to use as queries.</param>
    /// <param name="options">The other members of a request.</param>
    public QueryMix(QueryKind kind, IReadOnlyList<string> captions, IReadOnlyList<string> ids, LoadOptions options)
    {
        _seed = options.Seed;
        _byCaption = kind == QueryKind.Captions ? [] : [.. captions.Select(caption => Body("caption", caption, options))];
        _byImage = kind == QueryKind.Images ? [] : [.. ids.Select(id => Body("imageId", id, options))];
    }

    /// <summary>Number of different captions used as queries.</summary>
    public int Captions => _byCaption.Length;

    /// <summary>Number of different images used as queries.</summary>
    public int Ids => _byImage.Length;

    /// <summary>The request with the given number. If both kinds are used, they alternate.</summary>
    public (Uri Path, byte[] Body) this[long number]
    {
        get
        {
            var byImage = _byCaption.Length == 0 || (_byImage.Length > 0 && number % 2 == 1);
            var bodies = byImage ? _byImage : _byCaption;
            return (byImage ? CaptionsOf : Images, bodies[Dice.Below(bodies.Length, _seed, Stream, number)]);
        }
    }

    private static byte[] Body(string member, string value, LoadOptions options)
    {
        var request = new Dictionary<string, object?> { [member] = value, ["top"] = options.Top };
        if (options.Shortlist is { } shortlist)
        {
            request["shortlist"] = shortlist;
        }

        if (options.DeadlineMs is { } deadline)
        {
            request["deadlineMs"] = deadline;
        }

        return JsonSerializer.SerializeToUtf8Bytes(request);
    }
}
