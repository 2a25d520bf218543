namespace Retrieval.Terminal.Output;

/// <summary>Exit codes of the process.</summary>
public static class ExitCodes
{
    /// <summary>The command succeeded.</summary>
    public const int Ok = 0;

    /// <summary>The command ran and failed, or a verification failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line, or the input it names, is invalid.</summary>
    public const int Invalid = 2;

    /// <summary>Stopped by Ctrl-C or SIGTERM, with the code that shells report.</summary>
    public const int Interrupted = 130;
}
