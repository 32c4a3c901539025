Una PQRS está por vencer
