using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;
using KeySet = Retrieval.Server.Access.Tokens.KeySet;

namespace Retrieval.Server.Tests.Access;

/// <summary>When the keys of an issuer are fetched, and who waits: a real address, and a clock that stands still.</summary>
public sealed class KeySetTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly RSA _key = RSA.Create(2048);
    private readonly CapturedLog _log = new();
    private string _keyId = "1";

    public void Dispose()
    {
        _key.Dispose();
        _log.Dispose();
    }

    [Fact]
    public async Task A_flood_of_tokens_is_one_fetch_bounded_in_time_and_none_follows_at_once()
    {
        const int Tokens = 50;
        await using var issuer = await IssuerAsync();
        using var keys = Of(issuer);

        var waiting = Enumerable.Range(0, Tokens).Select(_ => AskAsync(keys)).ToList();
        await Eventually.TrueAsync(() => issuer.Asked == 1 && _time.Waits.Count(wait => wait == KeySet.LongestWait) == Tokens, "all wait");
        _time.Advance(KeySet.LongestFetch);

        Assert.All(await Task.WhenAll(waiting), Assert.Null);
        await Eventually.TrueAsync(() => _log.Of(1502).Any(), "the log says so");
        issuer.Go();
        Assert.Null(await AskAsync(keys));
        _time.Advance(KeySet.TryAgain - TimeSpan.FromMilliseconds(1));
        Assert.Null(await AskAsync(keys));
        Assert.Equal(1, issuer.Asked);

        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Single((await AskAsync(keys))!);
        Assert.Equal(2, issuer.Asked);
        await Eventually.TrueAsync(() => _log.Of(1503).Any(), "the log says that it is over");
    }

    [Fact]
    public async Task A_key_that_the_set_lacks_is_fetched_at_most_every_half_minute_and_holds_up_nobody_else()
    {
        await using var issuer = await IssuerAsync();
        issuer.Go();
        using var keys = Of(issuer);
        Assert.NotNull(await AskAsync(keys));

        Assert.NotNull(await AskAsync(keys, "2"));
        Assert.Equal(1, issuer.Asked);
        _time.Advance(KeySet.ReadForUnknown);
        issuer.Hang();
        var unknown = AskAsync(keys, "2");
        await Eventually.TrueAsync(() => issuer.Asked == 2, "it is fetched");
        Assert.NotNull(await AskAsync(keys));
        Assert.False(unknown.IsCompleted);

        _keyId = "2";
        issuer.Go();
        Assert.Equal("2", Assert.Single((await unknown)!).KeyId);
    }

    [Fact]
    public async Task A_set_that_is_old_is_read_again_before_it_counts_and_stays_good_while_the_address_is_away()
    {
        await using var issuer = await IssuerAsync();
        issuer.Go();
        using var keys = Of(issuer);
        Assert.NotNull(await AskAsync(keys));

        // The key was withdrawn: the first token after the time is judged by the new set.
        _keyId = "2";
        _time.Advance(KeySet.ReadAgain);
        Assert.Equal("2", Assert.Single((await AskAsync(keys, null))!).KeyId);

        // The first token after the time waits for an address that hangs, and no other.
        issuer.Hang();
        _time.Advance(KeySet.ReadAgain);
        var first = AskAsync(keys, "2");
        await Eventually.TrueAsync(() => issuer.Asked == 3, "it is fetched");
        _time.Advance(KeySet.LongestFetch);
        Assert.NotNull(await first);
        await Eventually.TrueAsync(() => _log.Of(1502).Any(), "the log says so");
        _time.Advance(KeySet.ReadForUnknown);
        await Eventually.TrueAsync(
            async () =>
            {
                Assert.NotNull(await AskAsync(keys, "2"));
                return issuer.Asked == 4;
            },
            "it is fetched beside the tokens");
    }

    private Task<HangingIssuer> IssuerAsync() => HangingIssuer.StartAsync(() => TestTokens.KeySet(_key, _keyId));

    private KeySet Of(HangingIssuer issuer)
    {
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(_log));
        return new KeySet(new JwtOptions { KeySet = issuer.Address, Issuer = TestTokens.Issuer, Audience = TestTokens.Audience }, _time, loggers.CreateLogger<KeySet>());
    }

    private static Task<IReadOnlyList<SecurityKey>?> AskAsync(KeySet keys, string? keyId = "1") => keys.KeysAsync(keyId, TestContext.Current.CancellationToken).AsTask();
}
