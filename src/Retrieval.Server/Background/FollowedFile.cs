using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Retrieval.Domain.Errors;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Background;

/// <summary>
/// A file that is read before the server listens, and again whenever its content has changed, as that of a mounted secret does. A
/// content that cannot be used later leaves what was in force before; the log says so, once a reason, and a metric while it lasts.
/// </summary>
/// <param name="key">The key of the configuration that names the file, or its section where several files are read as one, for the error at start.</param>
/// <param name="what">The file, for the log.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Receives what happens after the start.</param>
internal abstract partial class FollowedFile(string key, string what, TimeProvider time, ILogger logger) : LoaderService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private byte[] _hash = [];
    private readonly LastFault _last = new();
    private volatile bool _fault;

    /// <summary>Whether the file as it is now cannot be used.</summary>
    public bool Fault => _fault;

    /// <summary>The first reading.</summary>
    /// <exception cref="InvalidConfigurationException">The file cannot be used.</exception>
    public void Load()
    {
        try
        {
            var content = Read();
            Take(content);
            CheckAtStart();
            _hash = SHA256.HashData(content);
        }
        catch (InvalidInputException exception)
        {
            throw new InvalidConfigurationException([$"{key}: {exception.Message}"]);
        }
    }

    /// <summary>All bytes that matter.</summary>
    /// <exception cref="InvalidInputException">They cannot be read.</exception>
    protected abstract byte[] Read();

    /// <summary>Puts a content in force, as a whole or not at all.</summary>
    /// <exception cref="InvalidInputException">It cannot be used.</exception>
    protected abstract void Take(byte[] content);

    /// <summary>What is only asked of the first content.</summary>
    /// <exception cref="InvalidInputException">It cannot be used.</exception>
    protected virtual void CheckAtStart()
    {
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            Reread();
        }
    }

    private void Reread()
    {
        try
        {
            var content = Read();
            var hash = SHA256.HashData(content);
            var changed = !hash.AsSpan().SequenceEqual(_hash);
            if (changed)
            {
                Take(content);
                _hash = hash;
            }

            if (changed || _fault)
            {
                LogTaken(what);
            }

            _fault = false;
            _last.Clear();
        }
        catch (Exception exception)
        {
            // Whatever it is: a file that nobody reads again keeps revoked keys and old certificates in force.
            _fault = true;
            if (_last.IsNews(exception))
            {
                LogKept(what, exception.Message, exception is InvalidInputException ? null : exception);
            }
        }
    }

    [LoggerMessage(EventId = 1500, Level = LogLevel.Information, Message = "{What} was read again")]
    private partial void LogTaken(string what);

    [LoggerMessage(EventId = 1501, Level = LogLevel.Error, Message = "{What} cannot be used, and what was in force before stays so: {Reason}")]
    private partial void LogKept(string what, string reason, Exception? unforeseen);
}
