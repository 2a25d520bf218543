using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;
using Retrieval.Domain.Errors;
using Retrieval.Server.Background;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Access.Tokens;

/// <summary>
/// The public keys of the issuer of tokens. One fetch runs at a time, all that need it wait for it together, and it is bounded in time
/// and bytes; how often there is one does not depend on how many tokens come.
/// </summary>
/// <remarks>The library's ConfigurationManager, while an address that was never read hangs, fetches twice for each token, one token after
/// the other.</remarks>
internal sealed partial class KeySet(JwtOptions jwt, TimeProvider time, ILogger<KeySet> logger) : IDisposable
{
    /// <summary>Longest that a fetch from an address lasts.</summary>
    public static readonly TimeSpan LongestFetch = TimeSpan.FromSeconds(5);

    /// <summary>Longest that a token waits for a fetch: one from a file that hangs has no end.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(6);

    /// <summary>Between the end of a fetch that failed and the next, while no set was ever read.</summary>
    public static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(5);

    /// <summary>Between fetches for a key that the set lacks: anybody can name one. And after one that failed while there is a set.</summary>
    public static readonly TimeSpan ReadForUnknown = TimeSpan.FromSeconds(30);

    /// <summary>So long at most does a key count that was taken out of the set.</summary>
    public static readonly TimeSpan ReadAgain = TimeSpan.FromMinutes(5);

    private const int MostBytes = 1 << 20;
    private const int MostRedirections = 3;

    private static readonly string TooLate = string.Create(CultureInfo.InvariantCulture, $"no answer within {LongestFetch.TotalSeconds} seconds");

    // A fetch has a bound of its own, by the server's clock. Connections are made anew now and then, as names may lead elsewhere.
    private readonly HttpClient _client = new(new SocketsHttpHandler { PooledConnectionLifetime = ReadAgain, MaxAutomaticRedirections = MostRedirections }) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MostBytes };
    private readonly Lock _lock = new();
    private volatile IReadOnlyList<SecurityKey>? _keys;
    private Task _fetch = Task.CompletedTask;
    private long? _ended;
    private string? _fault;
    private Task? _overdue;

    /// <summary>
    /// The keys, read if there are none, if the one that a token names is not among them, or if they are old. Those that were read once
    /// stay good while the address is away.
    /// </summary>
    /// <param name="keyId">The key that a token names; null if it names none.</param>
    /// <param name="cancellationToken">Ends the waiting, not the fetch: others wait for it too.</param>
    /// <returns>The keys; null if none were ever read.</returns>
    public async ValueTask<IReadOnlyList<SecurityKey>?> KeysAsync(string? keyId, CancellationToken cancellationToken)
    {
        if (FetchFor(keyId) is { IsCompleted: false } fetch)
        {
            try
            {
                await fetch.WaitAsync(LongestWait, time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                Overdue(fetch);
            }
        }

        return _keys;
    }

    /// <summary>Whether the last fetch failed. The next one begins if it is due: as long as no token comes, nobody else asks for it.</summary>
    public bool IsFaulty()
    {
        lock (_lock)
        {
            if (_fault is null)
            {
                return false;
            }
        }

        Begin();
        return true;
    }

    /// <summary>Begins a fetch if one is due, before a token comes: what cannot be read is told at the start.</summary>
    public void Begin() => _ = FetchFor(keyId: null);

    /// <summary>The keys that a token's signature is tried with: that of its id, or all if none has it.</summary>
    public IEnumerable<SecurityKey> Candidates(string? keyId)
    {
        var keys = _keys ?? [];
        return Has(keys, keyId) ? keys.Where(key => key.KeyId == keyId) : keys;
    }

    public void Dispose() => _client.Dispose();

    // Without what an address may hold that is for nobody's eyes.
    private string Place => jwt.IsAddress && new Uri(jwt.KeySet) is var address ? $"{address.Scheme}://{address.Authority}{address.AbsolutePath}" : jwt.KeySet;

    private static bool Has(IReadOnlyList<SecurityKey> keys, string? keyId) => keyId is not null && keys.Any(key => key.KeyId == keyId);

    // The fetch that a token has to wait for, which is begun if it is due; null if the token can be judged now.
    private Task? FetchFor(string? keyId)
    {
        lock (_lock)
        {
            var keys = _keys;
            var lacks = keys is not null && keyId is not null && !Has(keys, keyId);
            var pause = keys is null ? TryAgain : lacks || _fault is not null ? ReadForUnknown : ReadAgain;
            var due = _ended is not { } ended || time.GetElapsedTime(ended) >= pause;

            // Old keys are good as long as newer ones cannot be had: only the first token after them waits for an address that is away.
            var waits = keys is null || lacks || (due && _fault is null);
            if (_fetch.IsCompleted && due)
            {
                _fetch = Task.Run(FetchAsync, CancellationToken.None);
            }

            return waits && _fetch != _overdue ? _fetch : null;
        }
    }

    // A file system that hangs cannot be told to stop: its fetch goes on, and nobody waits for it any more.
    private void Overdue(Task fetch)
    {
        lock (_lock)
        {
            if (fetch.IsCompleted || fetch == _overdue)
            {
                return;
            }

            _overdue = fetch;
        }

        Note(TooLate);
    }

    private async Task FetchAsync()
    {
        string? fault = null;
        try
        {
            _keys = Parse(await ReadAsync().ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            fault = TooLate;
        }
#pragma warning disable CA1031 // Whatever it is, tokens must not wait for a fetch that nobody begins again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            fault = exception.Message;
        }

        Note(fault);
    }

    // How a fetch ended: the log has each reason once.
    private void Note(string? fault)
    {
        string? former;
        lock (_lock)
        {
            (former, _fault, _ended) = (_fault, fault, time.GetTimestamp());
        }

        if (fault is not null && fault != former)
        {
            LogUnread(Place, fault);
        }
        else if (fault is null && former is not null)
        {
            LogRead();
        }
    }

    private async Task<string> ReadAsync()
    {
        if (!jwt.IsAddress)
        {
            return Encoding.UTF8.GetString(RegularFile.Read(jwt.KeySet, "the key set", MostBytes));
        }

        using var bound = new CancellationTokenSource(LongestFetch, time);
        return await _client.GetStringAsync(new Uri(jwt.KeySet), bound.Token).ConfigureAwait(false);
    }

    // A set that holds a symmetric key would let everybody who can read it sign tokens.
    private static List<SecurityKey> Parse(string text)
    {
        JsonWebKeySet set;
        try
        {
            set = new JsonWebKeySet(text);
        }
        catch (Exception exception) when (exception is ArgumentException or JsonException)
        {
            // The library's message hides what it found.
            throw new InvalidInputException("what is there is no JSON Web Key Set; expected { \"keys\": [ … ] }", innerException: exception);
        }

        List<SecurityKey> keys = [.. set.GetSigningKeys().Where(key => key is not SymmetricSecurityKey)];
        return keys.Count > 0 ? keys : throw new InvalidInputException("the key set holds no public key for signatures");
    }

    [LoggerMessage(EventId = 1502, Level = LogLevel.Error, Message = "The key set of the issuer of tokens cannot be read from {Place}: {Reason}. Keys that were read before stay good; without any no token can be checked")]
    private partial void LogUnread(string place, string reason);

    [LoggerMessage(EventId = 1503, Level = LogLevel.Information, Message = "The key set of the issuer of tokens was read again")]
    private partial void LogRead();
}
